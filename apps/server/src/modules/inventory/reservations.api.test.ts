import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asSystem, startApp, useApp, type Answer, type TestApp } from '../../../test/harness/app.ts'
import { HOME, openShop, type Shop } from '../../../test/harness/shop.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { MINUTE_MS } from '../../kernel/time.ts'
import { SYSTEM } from '../../platform/caller.ts'
import { command, type Command, type Context } from '../../platform/command.ts'
import { sql } from '../../platform/sql.ts'
import { expireReservations } from './commands/end-reservations.ts'
import { applyMovements } from './index.ts'

const app = useApp()
let shop: Shop
/** A second process on the same database. */
let other: TestApp

beforeAll(async () => {
  shop = await openShop(app())
  other = await startApp(app().application.db.url)
})
afterAll(async () => { await other.application.stop() })

let made = 0
async function newSku(units: Readonly<Record<string, number>>): Promise<string> {
  const sku = `R-${++made}`
  for (const [location, quantity] of Object.entries(units)) await shop.stock(location, { [sku]: quantity })
  return sku
}

const reserve = (sku: string, quantity: number, more: object = {}, by: TestApp = app()) => by.post('/v1/reservations', { channel: 'web', lines: [{ sku, quantity }], ...more })
const idOf = (answer: Answer): string => {
  expect([answer.status, answer.text]).toEqual([201, answer.text])
  return String(answer.body['id'])
}
const read = async (id: string) => (await app().get(`/v1/reservations/${id}`)).body

async function level(sku: string, location = 'leeds'): Promise<Record<string, number>> {
  return (await app().get(`/v1/stock-levels?filter[sku]=${sku}&filter[location]=${location}`)).body.data![0] as Record<string, number>
}

async function eventsAbout(id: string): Promise<string[]> {
  return (await app().application.db.rows<{ type: string }>(sql`select type from events where subject_id = ${ids.reservation.parse(id)!} order by id`)).map(({ type }) => type)
}

/** Moves the clock of both processes. */
function advance(minutes: number): void {
  for (const one of [app(), other]) one.clock.advance(minutes * MINUTE_MS)
}

describe('a reservation', () => {
  test('holds units until it is released, and says what may be done with it', async () => {
    const sku = await newSku({ leeds: 5, london: 9 })
    const answer = await reserve(sku, 11, { reference: 'cart-1', minutes: 30 })
    expect(answer.body).toMatchObject({
      channel: 'web', status: 'active', reference: 'cart-1', expires_at: '2026-03-03T09:30:00.000Z', ended_at: null, order_id: null,
      lines: [{ sku, location: 'leeds', quantity: 2 }, { sku, location: 'london', quantity: 9 }],
      actions: [{ action: 'extend', allowed: true }, { action: 'release', allowed: true }],
    })
    const id = idOf(answer)
    expect(await read(id)).toEqual(answer.body)
    expect(await level(sku)).toMatchObject({ available: 3, reserved: 2 })
    expect((await app().get('/v1/reservations?filter[reference]=cart-1')).body.data).toEqual([answer.body])
    expect((await app().post(`/v1/reservations/${id}/release`)).body).toMatchObject({ status: 'released', actions: [{ allowed: false, reason: 'The reservation is released.' }, { allowed: false }] })
    expect(await level(sku)).toMatchObject({ available: 5, reserved: 0 })
    const again = await app().post(`/v1/reservations/${id}/release`)
    expect([again.status, again.body.code, again.body['reservation_status']]).toEqual([409, 'reservation_not_active', 'released'])
    expect(await eventsAbout(id)).toEqual(['reservation.created', 'reservation.released'])
  })

  test('prefers the locations named and adds up lines on one SKU', async () => {
    const sku = await newSku({ leeds: 5, london: 9, york: 2 })
    const lines = [{ sku, quantity: 1 }, { sku, quantity: 2 }, { sku, quantity: 1, location: 'leeds' }]
    expect((await app().post('/v1/reservations', { channel: 'web', lines, preferred_locations: ['york'] })).body['lines']).toEqual([
      { sku, location: 'leeds', quantity: 1 }, { sku, location: 'london', quantity: 1 }, { sku, location: 'york', quantity: 2 },
    ])
    const short = await app().post('/v1/reservations', { channel: 'web', lines: [{ sku, quantity: 5, location: 'leeds' }, { sku, quantity: 1 }] })
    expect(short.body).toMatchObject({ code: 'out_of_stock', lines: [{ sku, location: 'leeds', requested: 5, sellable: 4, short_by: 1 }] })
  })

  test('is all or nothing over several SKUs', async () => {
    const [much, little] = [await newSku({ leeds: 9 }), await newSku({ leeds: 1 })]
    const refused = await app().post('/v1/reservations', { channel: 'web', lines: [{ sku: much, quantity: 9 }, { sku: little, quantity: 1 }, { sku: little, quantity: 1 }] })
    expect([refused.status, refused.body.code, refused.body['lines']]).toEqual([409, 'out_of_stock', [{ sku: little, requested: 2, sellable: 1, short_by: 1 }]])
    expect([await level(much), await level(little)]).toMatchObject([{ available: 9, reserved: 0 }, { available: 1, reserved: 0 }])
  })

  test('can be given more time, never less', async () => {
    const sku = await newSku({ leeds: 1 })
    const id = idOf(await reserve(sku, 1))
    expect((await app().post(`/v1/reservations/${id}/extend`, { minutes: 5 })).body['expires_at']).toBe('2026-03-03T09:15:00.000Z')
    advance(10)
    await app().application.settle()
    expect((await app().post(`/v1/reservations/${id}/extend`)).body['expires_at']).toBe('2026-03-03T09:25:00.000Z')
    advance(10)
    await app().application.settle()
    expect(await read(id)).toMatchObject({ status: 'active' })
    advance(5)
    expect((await app().post(`/v1/reservations/${id}/extend`)).body.code).toBe('reservation_not_active')
    await app().application.settle()
    expect(await read(id)).toMatchObject({ status: 'expired', ended_at: '2026-03-03T09:25:00.000Z' })
    expect(await level(sku)).toMatchObject({ available: 1, reserved: 0 })
    expect(await eventsAbout(id)).toEqual(['reservation.created', 'reservation.extended', 'reservation.extended', 'reservation.expired'])
  })

  test('repeats safely with an idempotency key, even in one batch', async () => {
    const sku = await newSku({ leeds: 9 })
    const send = () => app().call('POST', '/v1/reservations', { channel: 'web', lines: [{ sku, quantity: 2 }] }, { headers: { 'idempotency-key': `cart-${sku}` } })
    const answers = await Promise.all([send(), send(), send()])
    expect(new Set(answers.map(idOf)).size).toBe(1)
    expect(await level(sku)).toMatchObject({ available: 7, reserved: 2 })
  })

  test.each([
    [{ channel: 'nope', lines: [{ sku: 'TEA', quantity: 1 }] }, ['/channel unknown_channel']],
    [{ lines: [] }, ['/lines too_small']],
    [{ lines: [{ sku: 'TEA', quantity: 0 }] }, ['/lines/0/quantity too_small']],
    [{ lines: [{ sku: 'TEA', quantity: 1.5 }] }, ['/lines/0/quantity wrong_type']],
    [{ lines: [{ sku: 'NOPE', quantity: 1, location: 'paris' }] }, ['/lines/0/location unknown_location', '/lines/0/sku unknown_sku']],
    [{ lines: [{ sku: 'TEA', quantity: 1 }], preferred_locations: ['leeds', 'paris'] }, ['/preferred_locations/1 unknown_location']],
    [{ lines: [{ sku: 'TEA', quantity: 1 }], minutes: 99_999 }, ['/minutes too_large']],
    [{ lines: [{ sku: 'TEA', quantity: 1, price: 1 }] }, ['/lines/0/price unknown_field']],
  ])('%o is refused with its places', async (body, wrong) => {
    const answer = await app().post('/v1/reservations', { channel: 'web', ...body })
    expect([answer.status, answer.body.errors?.map(({ pointer, code }) => `${pointer} ${code}`).toSorted()]).toEqual([422, wrong])
  })

  test('that nobody made is not found', async () => {
    const id = ids.reservation.show(newId())
    for (const verb of ['extend', 'release']) expect((await app().post(`/v1/reservations/${id}/${verb}`)).status).toBe(404)
    expect((await app().get(`/v1/reservations/${id}`)).status).toBe(404)
    expect((await app().get('/v1/reservations/ord_01h00000000000000000000000')).status).toBe(422)
  })
})

describe('expiry', () => {
  test('gives everything back at once, however many, and idle rounds write nothing', async () => {
    const sku = await newSku({ leeds: 700 })
    await Promise.all(Array.from({ length: 600 }, () => reserve(sku, 1)))
    expect(await level(sku)).toMatchObject({ available: 100, reserved: 600 })
    advance(16)
    await app().application.settle()
    expect(await level(sku)).toMatchObject({ available: 700, reserved: 0 })
    const entries = () => app().application.db.one<{ count: bigint }>(sql`select count(*) as count from audit_entries`)
    const before = await entries()
    await app().application.settle()
    expect(await entries()).toEqual(before)
  })

  test('a reservation that is being extended is passed by, and the extension holds', async () => {
    const sku = await newSku({ leeds: 1 })
    const id = idOf(await reserve(sku, 1))
    await other.application.db.transaction(async (tx) => {
      await tx.run(sql`update reservations set expires_at = ${new Date('2027-01-01T00:00:00Z')} where id = ${ids.reservation.parse(id)!}`)
      app().clock.advance(20 * MINUTE_MS)
      expect((await app().application.executor.run(expireReservations, {}, asSystem)).output).toEqual({ expired: 0 })
    })
    expect((await app().application.executor.run(expireReservations, {}, asSystem)).output).toEqual({ expired: 0 })
    expect(await read(id)).toMatchObject({ status: 'active' })
    await app().post(`/v1/reservations/${id}/release`)
    other.clock.set(app().clock.current())
  })

  test('a reservation that is expiring is neither extended nor released: the one who waits is told', async () => {
    const sku = await newSku({ leeds: 1 })
    const id = idOf(await reserve(sku, 1))
    const before = app().clock.current()
    advance(20)
    // The other process has seen no time pass: by its clock the reservation is still good.
    other.clock.set(before)
    const { paused, finished, proceed } = runPaused(app(), expireReservations, {})
    await paused
    const rivals = Promise.all(['extend', 'release'].map((verb) => other.post(`/v1/reservations/${id}/${verb}`)))
    await untilBlocked()
    proceed()
    expect(await finished).toEqual({ expired: 1 })
    expect((await rivals).map(({ status, body }) => [status, body.code])).toEqual([[409, 'reservation_not_active'], [409, 'reservation_not_active']])
    expect(await level(sku)).toMatchObject({ available: 1, reserved: 0 })
    other.clock.set(app().clock.current())
  })

  test('rivals end each reservation exactly once', async () => {
    const sku = await newSku({ leeds: 40 })
    const reserved = await Promise.all(Array.from({ length: 40 }, () => reserve(sku, 1)))
    const before = app().clock.current()
    advance(20)
    other.clock.set(before)
    const [releases] = await Promise.all([
      Promise.all(reserved.map((answer) => other.post(`/v1/reservations/${String(answer.body['id'])}/release`))),
      app().application.executor.run(expireReservations, {}, asSystem),
      app().application.executor.run(expireReservations, {}, asSystem),
    ])
    await app().application.settle()
    const ended = await Promise.all(reserved.map(async (answer) => (await read(String(answer.body['id'])))['status']))
    expect(ended).toEqual(releases.map(({ status }) => (status === 200 ? 'released' : 'expired')))
    expect(await level(sku)).toMatchObject({ available: 40, reserved: 0 })
    other.clock.set(app().clock.current())
  })
})

describe('rivals for the same units', () => {
  test('64 buyers of 50 units in two processes: exactly 50 get one', async () => {
    const sku = await newSku({ leeds: 30, london: 20 })
    const answers = await Promise.all(Array.from({ length: 64 }, (_, i) => reserve(sku, 1, {}, i % 2 === 0 ? app() : other)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(50)
    expect(answers.filter(({ body }) => body.code === 'out_of_stock')).toHaveLength(14)
    expect([await level(sku), await level(sku, 'london')]).toMatchObject([{ available: 0, reserved: 30 }, { available: 0, reserved: 20 }])
  })

  test('the one who waits for the last unit is told that it is gone', async () => {
    const sku = await newSku({ leeds: 1 })
    const { paused, finished, proceed } = runPaused(other, takeOne(sku), {})
    await paused
    const waiting = reserve(sku, 1)
    await untilBlocked()
    proceed()
    await finished
    expect((await waiting).body.code).toBe('out_of_stock')
  })

  test('the one who waits and finds another place with stock gets it there', async () => {
    const sku = await newSku({ leeds: 2, london: 1 })
    const { paused, finished, proceed } = runPaused(other, takeOne(sku, 2), {})
    await paused
    const waiting = reserve(sku, 1)
    await untilBlocked()
    proceed()
    await finished
    expect((await waiting).body['lines']).toEqual([{ sku, location: 'london', quantity: 1 }])
  })

  test('buyers of several SKUs in opposite order never block each other for good', async () => {
    const [a, b] = [await newSku({ leeds: 40 }), await newSku({ leeds: 40 })]
    const lines = [{ sku: a, quantity: 1 }, { sku: b, quantity: 1 }]
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? app() : other).post('/v1/reservations', { channel: 'web', lines: i % 3 === 0 ? lines : lines.toReversed() })))
    expect(answers.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(40)
    expect(await level(a)).toMatchObject({ available: 0, reserved: 40 })
  })

  test('adjustments and reservations share what is there', async () => {
    const sku = await newSku({ leeds: 20 })
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0
      ? reserve(sku, 1, {}, i % 4 === 0 ? app() : other)
      : (i % 4 === 1 ? app() : other).post('/v1/stock/adjustments', { location: 'leeds', reason: 'promotion', lines: [{ sku, delta: -1 }] }))))
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(20)
    const reserved = answers.filter(({ status }) => status === 201).length
    expect(await level(sku)).toMatchObject({ available: 0, reserved, on_hand: reserved })
  })

  test('levels that nobody had before are created once', async () => {
    const sku = await newSku({ york: 1 })
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? app() : other).post('/v1/stock/receipts', { location: 'leeds', lines: [{ sku, quantity: 1 }] })))
    expect(answers.every(({ status }) => status === 201)).toBe(true)
    expect(await level(sku)).toMatchObject({ available: 20 })
  })
})

describe('an order with a reservation', () => {
  const place = (reservation_id: string, lines: object[], more: object = {}) => shop.order({ reservation_id, lines, ...more })
  const placesOf = (allocations: { location: string; quantity: number }[]) => allocations.map(({ location, quantity }) => `${location} ${quantity}`).toSorted((a, b) => (a < b ? -1 : 1))
  const routing = async (order: Answer) => (await app().get(`/v1/orders/${String(order.body['id'])}/routing`)).body as { allocations: { location: string; quantity: number }[]; decisions: { explanation: string[] }[] }

  test('takes the units where they are held, once, though nothing else is left', async () => {
    const sku = await newSku({ leeds: 2, london: 3 })
    const id = idOf(await reserve(sku, 5))
    const placed = await place(id, [{ sku, quantity: 5 }])
    expect([placed.status, placed.body['fulfillment_status']]).toEqual([201, 'allocated'])
    const { allocations, decisions } = await routing(placed)
    expect(placesOf(allocations)).toEqual(['leeds 2', 'london 3'])
    expect(decisions[0]!.explanation).toContain(`London supplies 3 × ${sku}, reserved for this order.`)
    expect(await level(sku)).toMatchObject({ available: 0, reserved: 0, allocated: 2 })
    expect(await read(id)).toMatchObject({ status: 'converted', order_id: placed.body['id'] })
    expect(await eventsAbout(id)).toEqual(['reservation.created', 'reservation.converted'])
    for (const verb of ['extend', 'release']) expect((await app().post(`/v1/reservations/${id}/${verb}`)).body.code).toBe('reservation_not_active')
    expect((await place(id, [{ sku, quantity: 5 }])).body.code).toBe('reservation_not_active')
    advance(20)
    await app().application.settle()
    expect(await read(id)).toMatchObject({ status: 'converted' })
  })

  test('gives back what it does not need and finds the rest elsewhere, in as few parcels as it can', async () => {
    const sku = await newSku({ leeds: 5, london: 9 })
    const beside = await newSku({ leeds: 1, london: 1 })
    const held = await app().post('/v1/reservations', { channel: 'web', lines: [{ sku, quantity: 4, location: 'london' }] })
    const placed = await place(idOf(held), [{ sku, quantity: 3 }, { sku: beside, quantity: 1 }])
    expect((await routing(placed)).allocations.map(({ location }) => location)).toEqual(['london', 'london'])
    expect(await level(sku, 'london')).toMatchObject({ available: 6, reserved: 0, allocated: 3 })
    const more = await place(idOf(await app().post('/v1/reservations', { channel: 'web', lines: [{ sku, quantity: 1, location: 'london' }] })), [{ sku, quantity: 2 }, { sku, quantity: 1 }])
    expect(placesOf((await routing(more)).allocations)).toEqual(['london 1', 'london 2'])
  })

  test('refused for what is missing beside it leaves it as it is', async () => {
    const [sku, short] = [await newSku({ leeds: 2 }), await newSku({ leeds: 1 })]
    const id = idOf(await reserve(sku, 2))
    expect((await place(id, [{ sku, quantity: 2 }, { sku: short, quantity: 2 }])).body.code).toBe('out_of_stock')
    expect(await read(id)).toMatchObject({ status: 'active' })
    expect((await place(id, [{ sku, quantity: 2 }, { sku: short, quantity: 1 }])).status).toBe(201)
  })

  test('picked up elsewhere does not keep the units where nobody comes', async () => {
    const sku = await newSku({ leeds: 2, york: 2 })
    const id = idOf(await app().post('/v1/reservations', { channel: 'web', lines: [{ sku, quantity: 1, location: 'leeds' }, { sku, quantity: 1, location: 'york' }] }))
    const placed = await place(id, [{ sku, quantity: 2 }], { delivery: 'pickup', pickup_location: 'york' })
    expect((await routing(placed)).allocations.map(({ location, quantity }) => [location, quantity])).toEqual([['york', 2]])
    expect(await level(sku)).toMatchObject({ available: 2, reserved: 0, allocated: 0 })
  })

  test('of another channel, unknown, or out of time is refused', async () => {
    const sku = await newSku({ leeds: 5 })
    const [foreign, late] = [idOf(await reserve(sku, 1, { channel: 'wholesale' })), idOf(await reserve(sku, 1, { minutes: 5 }))]
    advance(5)
    expect((await place(late, [{ sku, quantity: 1 }])).body).toMatchObject({ code: 'reservation_not_active', reservation_status: 'expired' })
    for (const id of [foreign, ids.reservation.show(newId())]) expect((await place(id, [{ sku, quantity: 1 }])).body).toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/reservation_id', code: 'unknown_reservation' }] })
  })

  test('asked for by many at once goes to one of them, and the same order sent twice is one', async () => {
    const sku = await newSku({ leeds: 1 })
    const id = idOf(await reserve(sku, 1))
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? app() : other).post('/v1/orders', { channel: 'web', shipping_address: HOME, reservation_id: id, lines: [{ sku, quantity: 1 }] })))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    for (const { status, body } of answers) if (status !== 201) expect(['reservation_not_active', 'busy']).toContain(body.code)
    const again = await newSku({ leeds: 1 })
    const twice = { channel: 'web', external_id: `R-${again}`, shipping_address: HOME, reservation_id: idOf(await reserve(again, 1)), lines: [{ sku: again, quantity: 1 }] }
    const [a, b] = await Promise.all([app().post('/v1/orders', twice), other.post('/v1/orders', twice)])
    expect([a.status, b.status, a.body['id'] === b.body['id']]).toEqual([201, 201, true])
  })
})

/** Takes units at Leeds without saying what for, as a sale at a till would. */
function takeOne(sku: string, quantity = 1): Command<object, object> {
  return command('test.take', 'public', async ({ tx, now }) => {
    const { id, location_id } = await tx.one<{ id: string; location_id: string }>(sql`select v.id, l.id as location_id from variants v, locations l where v.sku = ${sku} and l.code = 'leeds'`)
    await applyMovements(tx, [{ variant_id: id, location_id, from_state: 'available', to_state: null, quantity, reason: 'sold', cause_kind: 'adjustment', cause_id: newId(), caller_id: SYSTEM.id, at: now }])
    return {}
  })
}

/** Runs a command up to the moment before its commit, and on when told. */
function runPaused<Input, Output>(by: TestApp, inner: Command<Input, Output>, input: Input): { paused: Promise<void>; finished: Promise<Output>; proceed: () => void } {
  const reached = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const outer = command(inner.name, inner.permission, async (context: Context, given: Input) => {
    const output = await inner.handle(context, given)
    reached.resolve()
    await gate.promise
    return output
  })
  const finished = by.application.executor.run(outer, input, asSystem).then(({ output }) => output)
  return { paused: reached.promise, finished, proceed: gate.resolve }
}

/** Waits until some transaction of this database waits for another. */
async function untilBlocked(): Promise<void> {
  const { db } = app().application
  for (let tries = 0; tries < 200; tries++) {
    const { blocked } = await db.one<{ blocked: bigint }>(sql`select count(*) as blocked from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`)
    if (blocked > 0n) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('nobody waits')
}
