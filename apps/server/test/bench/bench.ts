// `npm run bench`: measures Switchyard on this machine. Figures go to stdout, progress to stderr.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { describeGoal, judge, type Benchmark, type Line, type Settings } from './benchmark.ts'
import { captureHttp } from './benchmarks/capture-http.ts'
import { captureBulk } from './benchmarks/capture-bulk.ts'
import { captureHot } from './benchmarks/capture-hot.ts'
import { captureHttp1 } from './benchmarks/capture-http-1.ts'
import { feed } from './benchmarks/feed.ts'
import { idle } from './benchmarks/idle.ts'
import { list } from './benchmarks/list.ts'
import { overloadCapture } from './benchmarks/overload.ts'
import { promise } from './benchmarks/promise.ts'
import { rehearsal } from './benchmarks/rehearsal.ts'
import { releaseShip } from './benchmarks/release-ship.ts'
import { reserve } from './benchmarks/reserve.ts'
import { openInstallation, type Installation } from './installation.ts'
import { table } from './table.ts'

const BENCHMARKS: readonly Benchmark[] = [captureHttp, captureHttp1, captureHot, captureBulk, reserve, releaseShip, feed, list, promise, rehearsal, overloadCapture, idle]

const HELP = `Usage: npm run bench -- [NAME...] [options]

Measures Switchyard on this machine: a server process on an embedded, durable database of its own in a temporary
home, and a load process beside it. Without names, everything. Each benchmark starts on a fresh copy of the seeded
database; afterwards the auditor must be silent and sold must not exceed stock, or the benchmark fails.

Options:
  --seconds N      how long each measurement takes (10)
  --connections N  connections of the captures (64)
  --rate N         captures and promises over HTTP at this rate whether or not answers come (open loop); latency counts from when each was due
  --skus N         articles, sold by Zipf's law (10000)
  --locations N    places that hold stock (50)
  --spread SHARE   the part of the articles that each store keeps; two warehouses keep all (0.2)
  --orders N       orders in the database of \`list\` (100000), and of \`rehearsal\` (10000)
  --profile DIR    write CPU profiles of the server and its top statements to this folder
  --json           one line of JSON per benchmark on stdout instead of the table
  --list           the benchmarks and their goals
  --help

Examples:
  npm run bench
  npm run -s bench -- capture-http --seconds 30 --json
  npm run bench -- capture-http --profile /tmp/profiles

docs/performance.md says what is measured, and how.
`

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '10' }, connections: { type: 'string', default: '64' }, rate: { type: 'string' }, skus: { type: 'string', default: '10000' }, locations: { type: 'string', default: '50' }, spread: { type: 'string', default: '0.2' },
      orders: { type: 'string' }, profile: { type: 'string' }, json: { type: 'boolean', default: false }, list: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  if (values.list) {
    for (const { name, summary, goal } of BENCHMARKS) process.stdout.write(`${name.padEnd(16)}${summary}\n${' '.repeat(16)}goal: ${describeGoal(goal)}\n`)
    return 0
  }
  const unknown = positionals.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name))
  if (unknown.length > 0) throw new UsageError(`There is no benchmark ${unknown.join(', ')}. There are ${BENCHMARKS.map(({ name }) => name).join(', ')}.`)
  const startedMs = performance.now()
  const settings: Settings = {
    seconds: numberOf('seconds', values.seconds), connections: numberOf('connections', values.connections), rate: values.rate === undefined ? undefined : numberOf('rate', values.rate), orders: values.orders === undefined ? undefined : numberOf('orders', values.orders), profile: values.profile === undefined ? undefined : resolve(process.env['INIT_CWD'] ?? '.', values.profile),
    retailer: { skus: numberOf('skus', values.skus), locations: numberOf('locations', values.locations), spread: numberOf('spread', values.spread) },
    say: (text) => { process.stderr.write(`${((performance.now() - startedMs) / 1_000).toFixed(0).padStart(5)} s  ${text}\n`) },
  }
  const chosen = positionals.length === 0 ? BENCHMARKS : BENCHMARKS.filter(({ name }) => positionals.includes(name))
  return runAll(chosen, settings, values.json)
}

/** The signals, and the end of whoever supervises us. */
const ENDINGS = ['SIGINT', 'SIGTERM', 'disconnect'] as const

class UsageError extends Error {}

function numberOf(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new UsageError(`--${name} is a number above 0, not "${text}".`)
  return value
}

async function runAll(chosen: readonly Benchmark[], settings: Settings, json: boolean): Promise<number> {
  const installation = await openInstallation(settings.retailer, settings.say)
  // Ended from outside, the home and its database go too.
  const abandon = (): void => { void installation.close().finally(() => { process.exit(130) }) }
  for (const ending of ENDINGS) process.once(ending, abandon)
  const lines: Line[] = []
  let failed = 0
  try {
    for (const benchmark of chosen) {
      settings.say(`${benchmark.name}: ${benchmark.summary}`)
      const line = await runOne(benchmark, settings, installation)
      if (line === undefined) failed++
      else lines.push(line)
      if (json && line !== undefined) process.stdout.write(`${JSON.stringify(line)}\n`)
    }
  } finally {
    for (const ending of ENDINGS) process.off(ending, abandon)
    await installation.close()
  }
  if (!json && lines.length > 0) process.stdout.write(table(lines))
  return failed > 0 ? 1 : 0
}

async function runOne(benchmark: Benchmark, settings: Settings, installation: Installation): Promise<Line | undefined> {
  try {
    await installation.reset()
    const line = judge(benchmark.name, benchmark.goal, await benchmark.run({ ...settings, installation }))
    settings.say(`${line.name}: ${line.value} ${line.unit}${line.met === false ? `; missed: ${line.missed!.join('; ')}` : ''}`)
    return line
  } catch (error) {
    process.stderr.write(`\n${benchmark.name} FAILED: ${(error as Error).stack ?? String(error)}\n\n`)
    await installation.stopServers()
    return undefined
  }
}

try {
  process.exitCode = await run()
} catch (error) {
  const isUsage = error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true
  process.stderr.write(`bench: ${isUsage ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`)
  process.exitCode = isUsage ? 2 : 1
}
// The channel to whoever supervises us would keep the process.
if (process.connected) process.disconnect()
