import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Application } from '../wiring.ts'
import { inApplicationWith, parseJson, readInput } from './context.ts'
import { CliFailure, EXIT } from './exit-codes.ts'
import { faint, strong, table } from './output.ts'

type Sums = { orders: number; units: number; refused_orders: number; split_orders: number; parcels: number; handling_cost: number; distance_km: number; promised_orders: number; promises_kept: number; unfilled_units: number; backordered_units: number; locations: { location: string; orders: number; units: number }[] }
type Rehearsal = {
  id: string; status: string; error: string | null; strategies: { strategy: string | null; name: string }[]; decisions: { total: number | null; done: number }; past: Sums | null; results: (Sums & { flipped_decisions: number })[] | null
}
type Choice = { locations: string[]; explanation: string[] }
type Flip = { order_number: string; at: string; past: Choice; rehearsed: Choice | null }
type Options = { from: string; to: string; strategy: string[]; rules: string[]; channel: string[]; flips: string }

const POLL_MS = 200
const collect = (value: string, before: string[]): string[] => [...before, value]

export function registerRehearse(program: Command): void {
  program.command('rehearse')
    .description('Replay a past period under other routing strategies; changes nothing')
    .requiredOption('--from <time>', 'where the period begins, for example 2026-03-01 or 2026-03-01T06:00:00Z')
    .option('--to <time>', 'where it ends; now, if left out', new Date().toISOString())
    .option('--strategy <code>', 'a saved strategy, code or code@version; several by repeating it', collect, [])
    .option('--rules <file>', 'rules that are not saved: JSON with `name` and `rules`, - for standard input; several by repeating it', collect, [])
    .option('--channel <code>', 'only orders of this channel; several by repeating it', collect, [])
    .option('--flips <number>', 'how many flipped decisions to show of each strategy (at most 200)', '5')
    .addHelpText('after', `
Stock at the beginning is rebuilt from the movements. The strategy that was in use makes every decision again.

Examples:
  npm run switchyard -- rehearse --from 2026-02-01 --strategy clear-overstock --strategy warehouses-before-stores
  npm run -s switchyard -- rehearse --from 2026-02-01 --to 2026-03-01 --rules trial.json --json`)
    .action(inApplicationWith(readRequest, async ({ application, call, out, progress }, body, { flips }: Options) => {
      const limit = Number(flips)
      const asked = await call<Rehearsal>('POST', '/v1/routing-rehearsals', body)
      const [rehearsal] = await Promise.all([follow(asked, (id) => call<Rehearsal>('GET', `/v1/routing-rehearsals/${id}`), (done, total) => { progress.percent('Rehearsing', done, total) }), work(application)])
      if (rehearsal.status !== 'done') throw new CliFailure(EXIT.failed, rehearsal.error ?? `The rehearsal was ${rehearsal.status}.`)
      const flipped = limit === 0 ? [] : await Promise.all(rehearsal.strategies.map(async (_, place) => (await call<{ data: Flip[] }>('GET', `/v1/routing-rehearsals/${rehearsal.id}/flips?strategy=${place}&limit=${limit}`)).data))
      out({ ...rehearsal, flips: flipped }, () => describe(rehearsal, flipped))
    }))
}

async function readRequest({ from, to, strategy, rules, channel, flips }: Options): Promise<Record<string, unknown>> {
  if (strategy.length + rules.length === 0) throw new CliFailure(EXIT.usage, 'Name a strategy with --strategy, or a file of rules with --rules.')
  if (!/^\d+$/.test(flips) || Number(flips) > 200) throw new CliFailure(EXIT.usage, '--flips is a whole number up to 200.')
  const files = await Promise.all(rules.map(async (file) => parseJson(await readInput(file), file)))
  return { from: instantOf(from, '--from'), to: instantOf(to, '--to'), strategies: [...strategy.map((code) => ({ strategy: code })), ...files], ...(channel.length === 0 ? {} : { channels: channel }) }
}

function instantOf(text: string, option: string): string {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new CliFailure(EXIT.usage, `${option} is a time such as 2026-03-01T06:00:00Z, not "${text}".`)
  return new Date(ms).toISOString()
}

/** Works on it in this process, if no server is faster. */
async function work(application: Application): Promise<void> {
  const jobs = application.modules.flatMap((module) => module.jobs?.(application) ?? []).filter(({ name }) => name === 'sourcing.rehearse')
  await application.jobs.runDue(jobs)
}

async function follow(asked: Rehearsal, read: (id: string) => Promise<Rehearsal>, tell: (done: number, total: number) => void): Promise<Rehearsal> {
  let rehearsal = asked
  while (rehearsal.status === 'queued' || rehearsal.status === 'running') {
    await delay(POLL_MS)
    rehearsal = await read(rehearsal.id)
    if (rehearsal.decisions.total !== null) tell(rehearsal.decisions.done, rehearsal.decisions.total)
  }
  return rehearsal
}

function describe({ strategies, past, results }: Rehearsal, flips: readonly Flip[][]): string {
  const columns: { name: string; sums: Sums; flipped: number | null }[] = [
    { name: 'what happened', sums: past!, flipped: null },
    ...results!.map((sums, place) => ({ name: strategies[place]!.strategy ?? strategies[place]!.name, sums, flipped: sums.flipped_decisions })),
  ]
  const figures = table(columns, [
    { title: 'strategy', value: ({ name }) => name }, { title: 'flipped', value: ({ flipped }) => flipped, align: 'right' },
    ...(['orders', 'split_orders', 'parcels', 'handling_cost', 'distance_km', 'unfilled_units', 'backordered_units', 'refused_orders'] as const).map((name) => ({ title: name, value: ({ sums }: (typeof columns)[number]) => sums[name], align: 'right' as const })),
    { title: 'promises', value: ({ sums }) => `${sums.promises_kept}/${sums.promised_orders}`, align: 'right' },
  ], 'Nothing was decided in that time.')
  return [figures, ...flips.flatMap((some, place) => some.map((flip) => describeFlip(columns[place + 1]!.name, flip)))].join('\n\n')
}

function describeFlip(name: string, { order_number, past, rehearsed }: Flip): string {
  const places = ({ locations }: Choice): string => (locations.length === 0 ? 'nowhere' : locations.join(', '))
  return [
    strong(`${order_number} under ${name}: ${places(past)} → ${rehearsed === null ? 'nothing to decide' : places(rehearsed)}`),
    ...past.explanation.map((sentence) => faint(`  was  ${sentence}`)), ...(rehearsed?.explanation ?? []).map((sentence) => `  is   ${sentence}`),
  ].join('\n')
}
