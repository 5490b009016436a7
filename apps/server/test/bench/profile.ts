import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench } from './benchmark.ts'
import { withDatabase } from './database.ts'
import type { Server } from './installation.ts'
import { sql } from '../../src/platform/sql.ts'

type CallFrame = { functionName: string; url: string; lineNumber: number }
type CpuProfile = { nodes: { id: number; callFrame: CallFrame; hitCount: number }[]; samples: number[]; timeDeltas: number[] }

const SAMPLE_US = 500
const SHOWN = 40

/** Profiles a running server through its inspector until something has ended, and the statements of the database meanwhile; writes both to the folder of the run. */
export async function recordProfile(bench: Bench, server: Server, name: string, ended: Promise<unknown>): Promise<void> {
  if (bench.profile === undefined || server.inspector === undefined) return
  await mkdir(bench.profile, { recursive: true })
  await withDatabase(bench.installation, (db) => db.rows(sql`create extension if not exists pg_stat_statements`).then(() => db.rows(sql`select pg_stat_statements_reset()`)))
  const profile = await profileServer(server.inspector, ended)
  const path = join(bench.profile, name)
  await writeFile(`${path}.cpuprofile`, JSON.stringify(profile))
  await writeFile(`${path}.functions.txt`, functionsOf(profile))
  await writeFile(`${path}.statements.txt`, await statementsOf(bench))
  bench.say(`profile in ${path}.{cpuprofile,functions.txt,statements.txt}`)
}

async function profileServer(inspector: string, ended: Promise<unknown>): Promise<CpuProfile> {
  const socket = new WebSocket(inspector)
  const answers = new Map<number, (result: unknown) => void>()
  let count = 0
  const ask = (method: string, params: object = {}): Promise<unknown> => new Promise((resolve) => {
    answers.set(++count, resolve)
    socket.send(JSON.stringify({ id: count, method, params }))
  })
  await new Promise((resolve, reject) => { socket.addEventListener('open', resolve); socket.addEventListener('error', () => { reject(new Error(`the inspector at ${inspector} does not answer`)) }) })
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown }
    if (id !== undefined) answers.get(id)?.(result)
  })
  await ask('Profiler.enable')
  await ask('Profiler.setSamplingInterval', { interval: SAMPLE_US })
  await ask('Profiler.start')
  await ended
  const { profile } = (await ask('Profiler.stop')) as { profile: CpuProfile }
  socket.close()
  return profile
}

/** Functions by the time spent in themselves, and files by the time spent in their functions. */
function functionsOf({ nodes, samples, timeDeltas }: CpuProfile): string {
  const self = new Map<number, number>()
  samples.forEach((id, index) => { self.set(id, (self.get(id) ?? 0) + timeDeltas[index]!) })
  const total = [...self.values()].reduce((sum, us) => sum + us, 0)
  const byFunction = new Map<string, number>()
  const byFile = new Map<string, number>()
  for (const { id, callFrame: { functionName, url, lineNumber } } of nodes) {
    const file = shortPath(url)
    const name = `${functionName || '(anonymous)'} ${file}${file === '' ? '' : `:${lineNumber + 1}`}`
    byFunction.set(name, (byFunction.get(name) ?? 0) + (self.get(id) ?? 0))
    byFile.set(file || functionName, (byFile.get(file || functionName) ?? 0) + (self.get(id) ?? 0))
  }
  const table = (title: string, figures: ReadonlyMap<string, number>): string => [title, ...[...figures].sort(([, a], [, b]) => b - a).slice(0, SHOWN).map(([name, us]) => `${((us / total) * 100).toFixed(1).padStart(6)} %  ${(us / 1_000).toFixed(0).padStart(7)} ms  ${name}`)].join('\n')
  return `${table('Self time by function', byFunction)}\n\n${table('Self time by file', byFile)}\n`
}

function shortPath(url: string): string {
  return url.replace(/^file:\/\//, '').replace(/^.*\/(apps|packages|node_modules)\//, '$1/')
}

async function statementsOf({ installation }: Bench): Promise<string> {
  const rows = await withDatabase(installation, (db) => db.rows<{ calls: bigint; total_ms: number; mean_ms: number; rows: bigint; wal_kb: number; query: string }>(sql`
    select s.calls, s.total_exec_time as total_ms, s.mean_exec_time as mean_ms, s.rows, (s.wal_bytes / 1024)::float8 as wal_kb, regexp_replace(s.query, '\\s+', ' ', 'g') as query
    from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = current_database() order by s.total_exec_time desc limit ${SHOWN}`))
  return ['total ms   calls   mean ms      rows    WAL KB  statement', ...rows.map(({ calls, total_ms, mean_ms, rows: changed, wal_kb, query }) => `${total_ms.toFixed(0).padStart(8)} ${String(calls).padStart(7)} ${mean_ms.toFixed(3).padStart(9)} ${String(changed).padStart(9)} ${wal_kb.toFixed(0).padStart(9)}  ${query.slice(0, 220)}`)].join('\n')
}
