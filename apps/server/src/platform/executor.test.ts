import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { useDatabase } from '../../test/harness/database.ts'
import { refuse } from '../kernel/problem.ts'
import { SYSTEM } from './caller.ts'
import { manualClock } from './clock.ts'
import { batchCommand, command, type Outcome } from './command.ts'
import { createExecutor, type Executor } from './executor.ts'
import { relayLagMs, relayOnce } from './relay.ts'
import { readFeed } from './event-feed.ts'
import { rowsOf, sql } from './sql.ts'

const db = useDatabase({ max_connections: 8 })
let executor: Executor

beforeAll(async () => {
  await db().run(sql`create table counters (name text primary key, value integer not null check (value >= 0))`)
  executor = createExecutor({ db: db(), clock: manualClock(new Date('2026-03-03T09:00:00Z')), insert_jobs: async () => undefined })
})
beforeEach(async () => { await db().run(sql`delete from counters`) })

const request = (key?: string) => ({ caller: SYSTEM, request_id: 'test', ...(key === undefined ? {} : { idempotency_key: key }) })
const value = async (name: string) => (await db().maybe<{ value: number }>(sql`select value from counters where name = ${name}`))?.value ?? 0

const count = command('test.count', 'public', async ({ tx, emit }, { name, by }: { name: string; by: number }) => {
  if (by === 0) throw refuse('invalid_input', 'By how much?')
  if (by > 100) throw refuse('not_found', 'Too much at once.')
  await tx.run(sql`insert into counters values (${name}, ${by}) on conflict (name) do update set value = counters.value + ${by}`)
  emit({ type: 'counted', data: { name, by } })
  return { name, value: (await tx.one<{ value: number }>(sql`select value from counters where name = ${name}`)).value }
})

describe('a command with a key', () => {
  test('has its effect once, however often and at once it is called', async () => {
    const calls = await Promise.all(Array.from({ length: 8 }, () => executor.run(count, { name: 'a', by: 1 }, request('same'))))
    expect(await value('a')).toBe(1)
    expect(calls.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(new Set(calls.map(({ output }) => output.value))).toEqual(new Set([1]))
  })

  test('repeats a refusal, and refuses the key for another input', async () => {
    await expect(executor.run(count, { name: 'b', by: 101 }, request('no'))).rejects.toMatchObject({ code: 'not_found' })
    await expect(executor.run(count, { name: 'b', by: 101 }, request('no'))).rejects.toMatchObject({ code: 'not_found' })
    await expect(executor.run(count, { name: 'b', by: 2 }, request('no'))).rejects.toMatchObject({ code: 'idempotency_key_reused' })
    expect(await value('b')).toBe(0)
  })

  test('keeps nothing of a call that was turned away as busy, so that it may be sent again', async () => {
    let rivals = 1
    const contested = command('test.contested', 'public', async () => {
      if (rivals-- > 0) throw refuse('busy', 'Others were first.')
      return { done: true }
    })
    await expect(executor.run(contested, {}, request('contested'))).rejects.toThrow('busy')
    expect(await executor.run(contested, {}, request('contested'))).toEqual({ output: { done: true }, replayed: false })
  })

  test('keeps nothing of invalid input, so that the corrected call may use the key', async () => {
    await expect(executor.run(count, { name: 'c', by: 0 }, request('typo'))).rejects.toMatchObject({ code: 'invalid_input' })
    expect((await executor.run(count, { name: 'c', by: 3 }, request('typo'))).output.value).toBe(3)
  })
})

const countMany = batchCommand<{ name: string; by: number }, { name: string }>('test.count_many', 'public', async ({ tx, emit }, items) => {
  const accepted = items.filter(({ input }) => input.by !== 0)
  await tx.run(sql`
    insert into counters select name, sum(by)::int from ${rowsOf(accepted.map(({ input }) => input), { name: 'text', by: 'int' })} group by name order by name
    on conflict (name) do update set value = counters.value + excluded.value`)
  for (const item of accepted) emit(item as never, { type: 'counted', data: item.input })
  return items.map(({ input }): Outcome<{ name: string }> => (input.by === 0 ? { ok: false, refusal: refuse(input.name === 'typo' ? 'invalid_input' : 'not_found', 'Nothing to count.') } : { ok: true, output: { name: input.name } }))
}, 50)
const inBatch = (input: { name: string; by: number }, key?: string) => executor.submit(countMany, input, request(key))

describe('a batch', () => {
  test('refuses a bad item alone', async () => {
    const results = await Promise.allSettled([inBatch({ name: 'd', by: 1 }), inBatch({ name: 'd', by: 0 }), inBatch({ name: 'd', by: 2 })])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await value('d')).toBe(3)
  })

  test('keeps nothing of invalid input either, and repeats every other refusal', async () => {
    await expect(inBatch({ name: 'typo', by: 0 }, 'batch-typo')).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await inBatch({ name: 'fixed', by: 2 }, 'batch-typo')).toEqual({ output: { name: 'fixed' }, replayed: false })
    await expect(inBatch({ name: 'gone', by: 0 }, 'batch-gone')).rejects.toMatchObject({ code: 'not_found' })
    await expect(inBatch({ name: 'gone', by: 1 }, 'batch-gone')).rejects.toMatchObject({ code: 'idempotency_key_reused' })
  })

  test('finds the item that breaks it, and serves all others', async () => {
    // The last one breaks the table's check, which fails the whole transaction.
    const results = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => inBatch({ name: `e${i}`, by: i === 17 ? -5 : 1 })))
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    expect(results[17]!.status).toBe('rejected')
    expect((await db().one<{ count: number }>(sql`select count(*)::int as count from counters where name like 'e%'`)).count).toBe(39)
  })

  test('serves a key once, also twice in one batch and beside another process', async () => {
    const other = createExecutor({ db: db(), clock: manualClock(new Date()), insert_jobs: async () => undefined })
    // The first call runs at once, so that those behind it gather to a batch.
    const ahead = [inBatch({ name: 'ahead', by: 1 }), other.submit(countMany, { name: 'ahead', by: 1 }, request())]
    const calls = await Promise.all([...Array.from({ length: 20 }, () => inBatch({ name: 'f', by: 1 }, 'once')), ...Array.from({ length: 20 }, () => other.submit(countMany, { name: 'f', by: 1 }, request('once')))])
    await Promise.all(ahead)
    expect(await value('f')).toBe(1)
    expect(calls.filter(({ replayed }) => !replayed)).toHaveLength(1)
  })
})

test('every write leaves its events and an audit entry, and one that is refused leaves neither', async () => {
  const written = async () => db().rows<{ command: string | null; type: string | null }>(sql`
    select a.command, null as type from audit_entries a where a.request_id = 'told' union all select null, e.type from events e where e.request_id = 'told' order by command, type`)
  const told = { caller: SYSTEM, request_id: 'told' }
  await executor.run(count, { name: 'h', by: 1 }, told)
  await executor.submit(countMany, { name: 'h', by: 1 }, told)
  await expect(executor.run(count, { name: 'h', by: 101 }, told)).rejects.toThrow('not_found')
  await expect(executor.submit(countMany, { name: 'h', by: 0 }, told)).rejects.toThrow('not_found')
  expect(await written()).toEqual([{ command: 'test.count', type: null }, { command: 'test.count_many', type: null }, { command: null, type: 'counted' }, { command: null, type: 'counted' }])
})

/** Other databases of the same server hold the relay up as well: its fence is the oldest transaction of all. */
async function relayAll(): Promise<void> {
  await expect.poll(async () => {
    await relayOnce(db())
    return relayLagMs(db())
  }, { timeout: 30_000 }).toBe(0)
}

describe('the relay', () => {
  test('gives every event one position, never passing a transaction that is still open', async () => {
    await relayAll()
    const before = await db().one<{ last_position: bigint }>(sql`select last_position from relay_state`)
    const slowStarted = Promise.withResolvers<void>()
    const finishSlow = Promise.withResolvers<void>()
    // A transaction takes its id, sleeps, and writes its event last.
    const slow = db().transaction(async (tx) => {
      await tx.run(sql`insert into counters values ('slow', 1)`)
      slowStarted.resolve()
      await finishSlow.promise
      await tx.run(sql`insert into events (id, type, at, data, caller_id, caller_name, request_id) values (gen_random_uuid(), 'late', now(), '{}', ${SYSTEM.id}, 'test', 'test')`)
    })
    await slowStarted.promise
    await executor.run(count, { name: 'g', by: 1 }, request())
    await relayOnce(db())
    expect(await readFeed(db(), before.last_position, 10, undefined)).toMatchObject({ events: [], position: before.last_position })
    expect(await relayLagMs(db())).toBeGreaterThan(0)
    finishSlow.resolve()
    await slow
    await Promise.all([relayOnce(db()), relayOnce(db())])
    await relayAll()
    const { events } = await readFeed(db(), before.last_position, 10, undefined)
    expect(events.map(({ type }) => type).sort()).toEqual(['counted', 'late'])
    expect(events.map(({ position }) => BigInt(position!) - before.last_position)).toEqual([1n, 2n])
  })
})
