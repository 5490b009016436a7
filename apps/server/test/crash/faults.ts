import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Client } from './client.ts'
import type { Kept } from './processes.ts'
import type { Proxy } from './proxy.ts'

export type Faults = { counts: Record<string, number>; recovery_ms: number[] }

type Targets = { client: Client; processes: readonly Kept[]; proxy: Proxy; home: string; url: () => string; random: () => number }

/** Breaks one thing after the other until the time is over; notes how long it takes until somebody is answered again. */
export async function breakThings(targets: Targets, untilMs: number, say: (text: string) => void): Promise<Faults> {
  const faults: Faults = { counts: {}, recovery_ms: [] }
  const { random, client } = targets
  while (performance.now() < untilMs) {
    await delay(400 + random() * 2_200)
    const [name, act] = KINDS[Math.floor(random() * KINDS.length)]!
    const at = performance.now()
    // A fault that finds nothing to break (a backend that is gone already) is no fault.
    const done = await act(targets).then(() => true, () => false)
    if (!done) continue
    faults.counts[name] = (faults.counts[name] ?? 0) + 1
    say(name)
    while (client.lastAnswerMs() < at && performance.now() < untilMs) await delay(20)
    faults.recovery_ms.push(client.lastAnswerMs() - at)
  }
  return faults
}

const some = ({ random }: Targets, share: number) => () => random() < share

const KINDS: readonly (readonly [string, (targets: Targets) => Promise<unknown>])[] = [
  ['process killed', async ({ processes, random }) => { processes[Math.floor(random() * processes.length)]!.kill() }],
  ['process killed', async ({ processes, random }) => { processes[Math.floor(random() * processes.length)]!.kill() }],
  ['all processes killed', async ({ processes }) => { for (const process of processes) process.kill() }],
  ['backend killed', async (targets) => { process.kill(await anyBackend(targets), 'SIGKILL') }],
  ['backend ended', (targets) => onDatabase(targets.url(), async (db) => db.query('select pg_terminate_backend($1)', [await anyBackend(targets)]))],
  ['postmaster killed', async ({ home }) => { process.kill(Number((await readFile(join(home, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0]), 'SIGKILL') }],
  ['connections cut', async (targets) => { targets.proxy.cut(some(targets, 0.5)) }],
  ['connections cut', async (targets) => { targets.proxy.cut(() => true) }],
  ['connections half-open', async (targets) => { targets.proxy.freeze(some(targets, 0.3), 3_000) }],
]

async function anyBackend({ url, random }: Targets): Promise<number> {
  return onDatabase(url(), async (db) => {
    const { rows } = await db.query<{ pid: number }>(`select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`)
    const row = rows[Math.floor(random() * rows.length)]
    if (row === undefined) throw new Error('nobody is connected')
    return row.pid
  })
}

export async function onDatabase<T>(url: string, work: (db: pg.Client) => Promise<T>): Promise<T> {
  const db = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  // The database may be killed under it at any time: then the work fails, not the campaign.
  db.on('error', () => undefined)
  await db.connect()
  try {
    return await work(db)
  } finally {
    await db.end().catch(() => undefined)
  }
}
