import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts'
import { migrate } from '../../src/platform/migrate.ts'
import { createLog } from '../../src/platform/log.ts'
import { createApplication } from '../../src/wiring.ts'
import { addUp, describeRounds, explain, openFuzzer, type Round } from '../fuzz/fuzz.ts'
import type { Campaign } from './cli.ts'

const INPUTS = 10_000
/** Beyond these many inputs a retailer is worn out: the next ones meet a fresh one, with a seed of its own. */
const INPUTS_PER_RETAILER = 500

export const fuzz: Campaign = {
  about: 'every operation of openapi.json with generated inputs, several hundred to each retailer',
  minutes: undefined,
  options: { inputs: `how many inputs each operation gets (${INPUTS})` },
  run: ({ seed, until, options: { inputs = String(INPUTS) } }) => runFuzz(seed, until, Number(inputs)),
}

/** Says what was found, and how far the inputs came. */
async function runFuzz(seed: number, until: number, inputs: number): Promise<boolean> {
  const home = await mkdtemp(join(tmpdir(), 'switchyard-fuzz-'))
  const postgres = await openEmbeddedPostgres({ home, settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } })
  const totals = new Map<string, Round>()
  try {
    await prepare(postgres.url())
    for (let done = 0; done < inputs && Date.now() < until; done += INPUTS_PER_RETAILER) {
      const name = `fuzz_${done}`
      await onServer(postgres.url(), `create database ${name} template ${new URL(postgres.url()).pathname.slice(1)}`)
      const fuzzer = await openFuzzer(urlOf(postgres.url(), name), seed + done / INPUTS_PER_RETAILER)
      for (const operation of fuzzer.operations) {
        if (Date.now() > until) break
        const round = await fuzzer.run(operation, Math.min(INPUTS_PER_RETAILER, inputs - done))
        totals.set(operation.id, addUp(totals.get(operation.id), round))
        for (const finding of round.findings) process.stdout.write(`${explain(finding)}\n`)
      }
      await fuzzer.stop()
      await onServer(postgres.url(), `drop database ${name} with (force)`)
      process.stdout.write(`seed ${seed + done / INPUTS_PER_RETAILER}: ${[...totals.values()].reduce((sum, round) => sum + round.inputs, 0)} inputs so far\n`)
    }
  } finally {
    await postgres.stop()
    await rm(home, { recursive: true, force: true })
  }
  const rounds = [...totals.values()]
  process.stdout.write(`${describeRounds(rounds)}\n`)
  return rounds.every(({ findings }) => findings.length === 0)
}

async function prepare(url: string): Promise<void> {
  const application = await createApplication({ database_url: url, log: createLog('warn') })
  await migrate(application.db)
  await application.prepare()
  await application.stop()
}

function urlOf(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

async function onServer(server: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(server, 'postgres') })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}
