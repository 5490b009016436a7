import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openDatabase } from '../../src/platform/db.ts'
import { openEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts'
import { relayLagMs } from '../../src/platform/relay.ts'
import { seededRandom } from '../harness/random.ts'
import { openClient } from './client.ts'
import { breakThings, type Faults } from './faults.ts'
import { keepProcess } from './processes.ts'
import { openProxy } from './proxy.ts'
import { doBusiness, openShop } from './shop.ts'
import { verify } from './verify.ts'

export type CrashReport = {
  seed: number
  seconds: number
  faults: Record<string, number>
  /** Milliseconds from a fault to the next answer below 500. */
  recovery: { p50: number; max: number }
  acknowledged: number
  retries: number
  orders: number
  /** What was lost, doubled or broken, in words. */
  wrong: string[]
}

const CLERKS = 10

/**
 * Two servers and a worker behind a proxy that cuts, clerks who do business and repeat every call until it is
 * answered, and somebody who kills processes, backends and the database. Afterwards everything acknowledged is there
 * exactly once. The same seed chooses the same business and the same faults.
 */
export async function crashCampaign({ seconds, seed, say }: { seconds: number; seed: number; say: (text: string) => void }): Promise<CrashReport> {
  const random = seededRandom(seed)
  const home = await mkdtemp(join(tmpdir(), 'switchyard-crash-'))
  const postgres = await openEmbeddedPostgres({ home })
  const proxy = await openProxy(() => postgres.port)
  const key = randomBytes(24).toString('base64url')
  const throughProxy = postgres.url().replace(`:${postgres.port}/`, `:${proxy.port}/`)
  const keeping = { home, database_url: throughProxy, admin_key: key, random, complain: say }
  const processes = [await keepProcess('start', 'first', keeping), await keepProcess('start', 'second', keeping), await keepProcess('worker', 'worker', keeping)]
  const client = openClient(processes.flatMap(({ url }) => url ?? []), key, `crash-${seed}`, random)
  try {
    await openShop(client)
    say('shop is open')
    const untilMs = performance.now() + seconds * 1_000
    const clerks = Array.from({ length: CLERKS }, async (_, i) => {
      const own = seededRandom(seed + 1 + i)
      while (performance.now() < untilMs) await doBusiness(client, own)
    })
    const faults: Faults = await breakThings({ client, processes, proxy, home, url: () => postgres.url(), random: seededRandom(seed + 1_000) }, untilMs, say)
    await Promise.all(clerks)
    say('everything is whole again; looking')
    const db = openDatabase(postgres.url())
    try {
      await untilQuiet(db)
      const wrong = await verify(db, client, random)
      const recovery = faults.recovery_ms.toSorted((a, b) => a - b)
      return {
        seed, seconds, faults: faults.counts, recovery: { p50: Math.round(recovery[recovery.length >> 1] ?? 0), max: Math.round(recovery.at(-1) ?? 0) },
        acknowledged: client.settled.filter(({ status }) => status < 300).length, retries: client.retries(),
        orders: client.settled.filter(({ path, status }) => path === '/v1/orders' && status === 201).length, wrong,
      }
    } finally {
      await db.close()
    }
  } finally {
    await Promise.all(processes.map((one) => one.stop()))
    await proxy.close()
    await postgres.stop()
    await rm(home, { recursive: true, force: true })
  }
}

/** Background work that the last business left behind gets half a minute. */
async function untilQuiet(db: ReturnType<typeof openDatabase>): Promise<void> {
  for (let round = 0; round < 60; round++) {
    if ((await relayLagMs(db)) === 0) return
    await delay(500)
  }
}
