import { expect, test } from 'vitest'
import { useDatabase } from '../../test/harness/database.ts'
import { SYSTEM } from './caller.ts'
import { createFeedGrowth, readFeed } from './event-feed.ts'
import { relayLagMs, relayOnce } from './relay.ts'
import { sql } from './sql.ts'

const db = useDatabase()

async function happen(type: string, count: number): Promise<void> {
  await db().run(sql`
    insert into events (id, type, at, data, caller_id, caller_name, request_id)
    select gen_random_uuid(), ${type}, now(), '{}', ${SYSTEM.id}, 'test', 'test' from generate_series(1, ${count})`)
  // A transaction of a test beside this one may hold the relay up for a moment.
  while ((await relayLagMs(db())) > 0) await relayOnce(db())
}

test('a reader of a rare type passes what it skips, a bounded number at a time', async () => {
  const start = (await readFeed(db(), 0n, 1_000, undefined)).position
  await happen('frequent', 12_000)
  await happen('rare', 1)
  await happen('frequent', 10)

  const looked: bigint[] = []
  const found: string[] = []
  for (let position = start, more = true; more;) {
    const page = await readFeed(db(), position, 100, ['rare'])
    found.push(...page.events.map(({ type }) => type))
    looked.push(page.position - position)
    position = page.position
    more = page.has_more
  }
  expect(found).toEqual(['rare'])
  expect(looked).toEqual([5_000n, 5_000n, 2_011n])

  const end = start + 12_011n
  expect(await readFeed(db(), end, 100, ['rare'])).toEqual({ events: [], position: end, has_more: false })
})

test('a full page goes on after its last event and not after what it did not show', async () => {
  const start = (await readFeed(db(), 0n, 1_000, undefined)).position
  const page = await readFeed(db(), start, 3, undefined)
  expect([page.events.length, page.position - start, page.has_more]).toEqual([3, 3n, true])
})

test('who follows the feed is woken when it grows, also by what came while looking, and looks again after a while by itself', async () => {
  const growth = createFeedGrowth()
  const patientMs = 60_000
  const before = growth.told()
  growth.tell()
  await growth.wait(before, patientMs)
  const woken = Promise.all([growth.wait(growth.told(), patientMs), growth.wait(growth.told(), patientMs)])
  growth.tell()
  await woken
  await growth.wait(growth.told(), 1)
})
