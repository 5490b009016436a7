import { asyncProperty, check, sample } from 'fast-check'
import { audit } from '../../src/audit.ts'
import { JSON_MEDIA, NDJSON_MEDIA, operationsOf, type Document, type Operation } from './document.ts'
import { bodyKey, inputsOf, sendable, type Input, type Sent } from './inputs.ts'
import { createJudge, type Judge } from './judge.ts'
import { createPool, type Pool } from './pool.ts'
import { live, openRetailer } from './retailer.ts'
import { openTarget, type Answer, type Target } from './target.ts'

/** Calls that are under way at the same time. */
const IN_FLIGHT = 12
/** How often new orders come to life while one operation is fuzzed, so that there is something left to act on. */
const INPUTS_PER_LIFE = 500
const MAX_SHRINKS = 60

export type Finding = { operation: string; seed: number; index: number; wrong: string[]; sent: Sent; answer: string; log: string[] }

/** What became of the inputs of one operation. */
export type Round = {
  operation: string
  inputs: number
  accepted: number
  /** Refused by a rule: the input had passed the schema. */
  ruled: number
  /** Nothing there of that name. */
  missing: number
  /** Refused by the schema, before a rule was asked. */
  invalid: number
  /** Sent by nobody, or by somebody who may not. */
  turned_away: number
  /** What the inputs were refused for, with the first complaint about a field. */
  refusals: Record<string, number>
  durationMs: number
  findings: Finding[]
}

/** The share of inputs that reached the rules: a fuzzer that is only ever refused at the door is blind. */
export const shareOf = ({ inputs, accepted, ruled }: Round): number => (accepted + ruled) / inputs

export type Fuzzer = { operations: readonly Operation[]; run: (operation: Operation, inputs: number) => Promise<Round>; stop: () => Promise<void> }

/** The application with a seeded retailer on this database. The seed decides the inputs; each operation has its own stream of them. */
export async function openFuzzer(databaseUrl: string, seed: number): Promise<Fuzzer> {
  const target = await openTarget(databaseUrl)
  await target.application.server.ready()
  const operations = operationsOf(target.application.server.openapi() as unknown as Document)
  const pool = createPool()
  await openRetailer(target, pool, operations)
  const bench = { target, pool, judge: createJudge(), broken: new Map<string, number>(), seed }
  return {
    operations,
    run: (operation, inputs) => runRound(bench, operation, inputs),
    stop: () => target.application.stop(),
  }
}

/** `broken`: rows that the auditor has found before, so that only the operation that broke them is blamed. */
type Bench = { target: Target; pool: Pool; judge: Judge; broken: Map<string, number>; seed: number }

/** Each operation has random numbers of its own. */
function streamOf(seed: number, { id }: Operation): number {
  return Array.from(id).reduce((mixed, letter) => (Math.imul(mixed, 31) + letter.charCodeAt(0)) | 0, seed)
}

async function runRound(bench: Bench, operation: Operation, inputs: number): Promise<Round> {
  const startedMs = performance.now()
  const round: Round = { operation: operation.id, inputs, accepted: 0, ruled: 0, missing: 0, invalid: 0, turned_away: 0, refusals: {}, durationMs: 0, findings: [] }
  const generated = sample(asyncProperty(inputsOf(operation), async () => true), { seed: streamOf(bench.seed, operation), numRuns: inputs })
  const tried = new Set<unknown>()
  for (let from = 0; from < inputs; from += IN_FLIGHT) {
    if (from % INPUTS_PER_LIFE < IN_FLIGHT) await live(bench.target, bench.pool, operation)
    // Resolved together, answered together, learned in their order: the pool does not depend on who was faster.
    const wave = (generated.slice(from, from + IN_FLIGHT) as [Input][]).map(([input]) => sendable(operation, input, bench.pool, tried))
    const answers = await Promise.all(wave.map((sent) => bench.target.send(sent)))
    for (const [index, sent] of wave.entries()) {
      const answer = answers[index]!
      take(round, sent, answer)
      learn(bench, operation, sent, answer)
      const wrong = bench.judge(operation, sent, answer)
      if (wrong.length > 0 && !round.findings.some((finding) => String(finding.wrong) === String(wrong))) {
        round.findings.push({ operation: operation.id, seed: bench.seed, index: from + index, wrong, sent, answer: answer.text.slice(0, 1_000), log: bench.target.complaints() })
      }
    }
  }
  await audited(bench, operation, round)
  for (const finding of round.findings.filter(({ index }) => index >= 0).slice(0, 3)) await shrink(bench, operation, finding)
  round.durationMs = performance.now() - startedMs
  return round
}

function take(round: Round, sent: Sent, { status, handled, body, text, headers }: Answer): void {
  const { code, errors } = (body ?? {}) as { code?: string; errors?: { pointer: string; code: string }[] }
  if (sent.twist === 'valid' && status >= 400) {
    const refusal = [code, errors?.[0]?.code, errors?.[0]?.pointer.replaceAll(/\d+/g, '0')].filter((part) => part !== undefined).join(' ')
    round.refusals[refusal] = (round.refusals[refusal] ?? 0) + 1
  }
  // A stream is accepted before its lines are read; they tell how far they came.
  const refusedLines = headers['content-type'] === NDJSON_MEDIA && !text.includes('"order_id"')
  if (refusedLines) round[/"code":"(?!(invalid_input|malformed_json)")\w+","detail":[^}]*"request_id"|"code":"(unknown_(?!field)|inactive_|wrong_currency|no_price)/.test(text) ? 'ruled' : 'invalid']++
  else if (status < 300) round.accepted++
  else if (handled && (status !== 404 || sent.known)) round.ruled++
  else if (handled) round.missing++
  else if (status === 401 || status === 403) round.turned_away++
  else round.invalid++
}

function learn({ pool }: Bench, operation: Operation, sent: Sent, answer: Answer): void {
  if (answer.status >= 300) return
  pool.harvest(operation.collection, answer.body, sent.subjects)
  if (sent.payload !== undefined && sent.twist === 'valid' && operation.media === JSON_MEDIA) pool.harvest(operation.collection, { [bodyKey(operation.id)]: JSON.parse(sent.payload) as unknown }, sent.subjects)
}

/** After a round the work that it left is done, no job has failed for a reason of its own, and every identity holds. */
async function audited({ target: { application, complaints }, broken, seed }: Bench, operation: Operation, round: Round): Promise<void> {
  const wrong: string[] = []
  await application.settle().catch((error: unknown) => { wrong.push(`background work breaks: ${String(error)}`) })
  const failed = complaints().filter((line) => line.includes('a job failed'))
  if (failed.length > 0) wrong.push(`${failed.length} jobs fail`)
  const report = await audit(application.db)
  for (const { name, rows, examples } of report.checks) if (rows > (broken.get(name) ?? 0)) wrong.push(`the auditor finds ${rows} rows of ${name}: ${JSON.stringify(examples[0])}`)
  for (const { name, rows } of report.checks) broken.set(name, rows)
  if (wrong.length > 0) round.findings.push({ operation: operation.id, seed, index: -1, wrong, sent: NOTHING, answer: '', log: failed.slice(0, 3) })
}

const NOTHING: Sent = { caller: 'administrator', method: 'GET', url: '', headers: {}, without_authorization: false, twist: 'the whole round', known: true, subjects: [], strayed: false }

/** Looks for a smaller input that is wrong in the same way, on the state as it is now. */
async function shrink({ target, pool, judge, seed }: Bench, operation: Operation, finding: Finding): Promise<void> {
  let tries = 0
  const property = asyncProperty(inputsOf(operation), async (input) => {
    if (++tries > MAX_SHRINKS) return true
    const sent = sendable(operation, input, pool, new Set())
    const answer = await target.send(sent)
    const wrong = judge(operation, sent, answer)
    if (String(wrong) !== String(finding.wrong)) return true
    Object.assign(finding, { sent, answer: answer.text.slice(0, 1_000) })
    return false
  })
  await pool.frozen(() => check(property, { seed: streamOf(seed, operation), path: String(finding.index), numRuns: 1 }))
}

/** What a person needs to see and repeat it. */
export function explain({ operation, seed, index, wrong, sent, answer, log }: Finding): string {
  const { method, url, headers, payload, caller, twist } = sent
  const logged = log.slice(0, 3).map((line) => `  ${line.slice(0, 900)}`)
  if (index < 0) return [`${operation} (seed ${seed}), after all its inputs: ${wrong.join('; ')}`, ...logged].join('\n')
  return [`${operation} (seed ${seed}, input ${index}, ${twist}, ${caller}): ${wrong.join('; ')}`, `  ${method} ${url.slice(0, 300)} ${JSON.stringify(headers).slice(0, 300)}`, ...(payload === undefined ? [] : [`  ${payload.slice(0, 600)}`]), `  → ${answer.slice(0, 600)}`, ...logged].join('\n')
}

/** The rounds of one operation together. */
export function addUp(before: Round | undefined, round: Round): Round {
  if (before === undefined) return round
  const refusals = { ...before.refusals }
  for (const [refusal, count] of Object.entries(round.refusals)) refusals[refusal] = (refusals[refusal] ?? 0) + count
  return {
    operation: round.operation, inputs: before.inputs + round.inputs, accepted: before.accepted + round.accepted, ruled: before.ruled + round.ruled, missing: before.missing + round.missing,
    invalid: before.invalid + round.invalid, turned_away: before.turned_away + round.turned_away, refusals, durationMs: before.durationMs + round.durationMs, findings: [...before.findings, ...round.findings],
  }
}

/** A table: what became of the inputs of each operation, and the share of them that reached a rule. */
export function describeRounds(rounds: readonly Round[]): string {
  const lines = rounds.map((round) => `${round.operation.padEnd(28)} ${[round.inputs, round.accepted, round.ruled, round.missing, round.invalid, round.turned_away].map((count) => String(count).padStart(8)).join('')}   ${shareOf(round).toFixed(2)}${round.findings.length === 0 ? '' : `   ${round.findings.length} wrong`}`)
  const sum = (of: (round: Round) => number): number => rounds.reduce((total, round) => total + of(round), 0)
  const shares = rounds.map(shareOf).sort((a, b) => a - b)
  return [`${'operation'.padEnd(28)}   inputs  accepted  by rule missing invalid   away  share`, ...lines, `${rounds.length} operations, ${sum(({ inputs }) => inputs)} inputs, ${sum(({ accepted }) => accepted)} accepted, share from ${shares[0]?.toFixed(2)}, median ${shares[shares.length >> 1]?.toFixed(2)}, ${Math.round(sum(({ durationMs }) => durationMs) / 1_000)} s`].join('\n')
}
