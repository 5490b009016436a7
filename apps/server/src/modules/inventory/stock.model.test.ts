import { assert, asyncModelRun, asyncProperty, commands, constantFrom, integer, nat, option, tuple, type AsyncCommand } from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { useApp, type Answer } from '../../../test/harness/app.ts'
import { openShop, type Shop } from '../../../test/harness/shop.ts'
import { audit } from '../../audit.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { MINUTE_MS } from '../../kernel/time.ts'
import { sql } from '../../platform/sql.ts'

/**
 * Random sequences of everything that moves stock, on a few SKUs and locations: the public API must agree with a model
 * of twenty lines after every step, and the auditor must be silent after every sequence.
 */
const app = useApp()
let shop: Shop
beforeAll(async () => { shop = await openShop(app()) })

const LOCATIONS: readonly string[] = ['leeds', 'london', 'york']
const SKUS = 2

type Cell = { available: number; reserved: number; allocated: number; damaged: number; deficit: number; safety_stock: number }
type Units = { sku: string; location: string; quantity: number }[]
type Model = { cells: Map<string, Cell>; reservations: { id: string; units: Units; expires_at: number }[]; orders: { id: string; units: Units }[]; now: number }
type Real = { skus: string[] }
type Step = AsyncCommand<Model, Real>

const cellOf = (model: Model, sku: string, location: string): Cell => {
  const key = `${sku} ${location}`
  if (!model.cells.has(key)) model.cells.set(key, { available: 0, reserved: 0, allocated: 0, damaged: 0, deficit: 0, safety_stock: 0 })
  return model.cells.get(key)!
}
const sellable = ({ available, safety_stock }: Cell): number => Math.max(0, available - safety_stock)
const onHand = ({ available, reserved, allocated, damaged, deficit }: Cell): number => available + reserved + allocated + damaged - deficit

/** Units become available: what is owed comes first. */
function giveBack(cell: Cell, quantity: number): void {
  const owed = Math.min(cell.deficit, quantity)
  cell.deficit -= owed
  cell.available += quantity - owed
}

/** Units are gone: what is available first. False where not even that many were there. */
function lose(cell: Cell, quantity: number): boolean {
  if (quantity > cell.available + cell.reserved + cell.allocated - cell.deficit) return false
  const covered = Math.min(cell.available, quantity)
  cell.available -= covered
  cell.deficit += quantity - covered
  return true
}

function take(model: Model, units: Units, state: 'reserved' | 'allocated'): void {
  for (const { sku, location, quantity } of units) {
    const cell = cellOf(model, sku, location)
    expect(sellable(cell), `${quantity} of ${sku} were there to be taken at ${location}`).toBeGreaterThanOrEqual(quantity)
    cell.available -= quantity
    cell[state] += quantity
  }
}

function end(model: Model, units: Units, state: 'reserved' | 'allocated'): void {
  for (const { sku, location, quantity } of units) {
    const cell = cellOf(model, sku, location)
    cell[state] -= quantity
    giveBack(cell, quantity)
  }
}

async function compare(model: Model): Promise<void> {
  const rows = await app().application.db.rows<Cell & { sku: string; location: string }>(sql`
    select v.sku, p.code as location, l.available, l.reserved, l.allocated, l.damaged, l.deficit, l.safety_stock
    from stock_levels l join variants v on v.id = l.variant_id join locations p on p.id = l.location_id where v.sku like ${`M${runs}-%`}`)
  const real = new Map(rows.map(({ sku, location, ...cell }) => [`${sku} ${location}`, cell]))
  for (const [key, cell] of model.cells) expect([key, real.get(key) ?? cellOf({ ...model, cells: new Map() }, '', '')]).toEqual([key, cell])
}

/** A step on the SKU and location of those numbers; `run` answers what it did for the report of a failure. */
function step(name: string, run: (model: Model, real: Real) => Promise<void>, check: (model: Model) => boolean = () => true): Step {
  return {
    check,
    run: async (model, real) => {
      await run(model, real)
      await compare(model)
    },
    toString: () => name,
  }
}

const place = tuple(nat(SKUS - 1), constantFrom(...LOCATIONS), integer({ min: 1, max: 9 }))
const adjust = (sku: string, location: string, reason: string, line: object): Promise<Answer> => app().post('/v1/stock/adjustments', { location, reason, lines: [{ sku, ...line }] })

const STEPS = [
  place.map(([i, location, quantity]) => step(`receive(${i},${location},${quantity})`, async (model, { skus }) => {
    expect((await app().post('/v1/stock/receipts', { location, lines: [{ sku: skus[i]!, quantity }] })).status).toBe(201)
    giveBack(cellOf(model, skus[i]!, location), quantity)
  })),
  place.map(([i, location, quantity]) => step(`lose(${i},${location},${quantity})`, async (model, { skus }) => {
    const cell = cellOf(model, skus[i]!, location)
    expect((await adjust(skus[i]!, location, 'lost', { delta: -quantity })).status).toBe(lose(cell, quantity) ? 200 : 409)
  })),
  place.map(([i, location, quantity]) => step(`promote(${i},${location},${quantity})`, async (model, { skus }) => {
    const cell = cellOf(model, skus[i]!, location)
    const enough = cell.available >= quantity
    expect((await adjust(skus[i]!, location, 'promotion', { delta: -quantity })).status).toBe(enough ? 200 : 409)
    if (enough) cell.available -= quantity
  })),
  tuple(place, nat(9)).map(([[i, location, believed], value]) => step(`set(${i},${location},${value} expecting ${believed})`, async (model, { skus }) => {
    const cell = cellOf(model, skus[i]!, location)
    const right = cell.available === believed
    expect((await adjust(skus[i]!, location, 'correction', { set_to: value, expected: believed })).status).toBe(right ? 200 : 409)
    if (right && value > believed) giveBack(cell, value - believed)
    else if (right) cell.available = value
  })),
  tuple(place, constantFrom(['available', 'damaged'] as const, ['damaged', 'available'] as const)).map(([[i, location, quantity], [from_state, to_state]]) =>
    step(`move(${i},${location},${quantity} ${from_state}→${to_state})`, async (model, { skus }) => {
      const cell = cellOf(model, skus[i]!, location)
      const enough = cell[from_state] >= quantity
      const moved = await app().post('/v1/stock/moves', { location, reason: 'inspection', lines: [{ sku: skus[i]!, from_state, to_state, quantity }] })
      expect(moved.status).toBe(enough ? 200 : 409)
      if (!enough) return
      cell[from_state] -= quantity
      if (to_state === 'available') giveBack(cell, quantity)
      else cell.damaged += quantity
    })),
  tuple(place, nat(9)).map(([[i, location], counted]) => step(`count(${i},${location},${counted})`, async (model, { skus }) => {
    const cell = cellOf(model, skus[i]!, location)
    const id = String((await app().post('/v1/stock-counts', { location })).body['id'])
    const recorded = await app().post(`/v1/stock-counts/${id}/lines`, { lines: [{ sku: skus[i]!, counted }] })
    const variance = counted - onHand(cell)
    expect(recorded.body['lines']).toMatchObject([{ variance }])
    const before = { ...cell }
    const possible = variance >= 0 || lose(cell, -variance)
    if (variance > 0) giveBack(cell, variance)
    expect((await app().post(`/v1/stock-counts/${id}/post`)).status).toBe(possible ? 200 : 409)
    if (!possible) Object.assign(cell, before)
  })),
  place.map(([i, location, quantity]) => step(`safety(${i},${location},${quantity})`, async (model, { skus }) => {
    await app().call('PUT', '/v1/stock/safety-stock', { lines: [{ sku: skus[i]!, location, quantity: quantity - 1 }] })
    cellOf(model, skus[i]!, location).safety_stock = quantity - 1
  })),
  tuple(place, option(constantFrom(...LOCATIONS)), integer({ min: 5, max: 60 })).map(([[i, , quantity], location, minutes]) => step(`reserve(${i},${location},${quantity} for ${minutes} min)`, async (model, { skus }) => {
    const sku = skus[i]!
    const answer = await app().post('/v1/reservations', { channel: 'web', minutes, lines: [{ sku, quantity, ...(location === null ? {} : { location }) }] })
    const total = (location === null ? LOCATIONS : [location]).reduce((sum, at) => sum + sellable(cellOf(model, sku, at)), 0)
    expect(answer.status).toBe(quantity <= total ? 201 : 409)
    if (answer.status !== 201) return
    const units = answer.body['lines'] as Units
    expect(units.reduce((sum, one) => sum + one.quantity, 0)).toBe(quantity)
    if (location !== null) expect(units.every((one) => one.location === location)).toBe(true)
    take(model, units, 'reserved')
    model.reservations.push({ id: String(answer.body['id']), units, expires_at: model.now + minutes })
  })),
  nat().map((which) => step(`release(${which})`, async (model) => {
    const [reservation] = model.reservations.splice(which % model.reservations.length, 1)
    expect((await app().post(`/v1/reservations/${reservation!.id}/release`)).status).toBe(200)
    end(model, reservation!.units, 'reserved')
  }, (model) => model.reservations.length > 0)),
  tuple(nat(), integer({ min: 5, max: 60 })).map(([which, minutes]) => step(`extend(${which} by ${minutes} min)`, async (model) => {
    const reservation = model.reservations[which % model.reservations.length]!
    expect((await app().post(`/v1/reservations/${reservation.id}/extend`, { minutes })).status).toBe(200)
    reservation.expires_at = Math.max(reservation.expires_at, model.now + minutes)
  }, (model) => model.reservations.length > 0)),
  integer({ min: 1, max: 40 }).map((minutes) => step(`wait(${minutes} min)`, async (model) => {
    app().clock.advance(minutes * MINUTE_MS)
    await app().application.settle()
    model.now += minutes
    for (const { units } of model.reservations.filter(({ expires_at }) => expires_at <= model.now)) end(model, units, 'reserved')
    model.reservations = model.reservations.filter(({ expires_at }) => expires_at > model.now)
  })),
  place.map(([i, , quantity]) => step(`order(${i},${quantity})`, async (model, { skus }) => {
    const answer = await shop.order({ lines: [{ sku: skus[i]!, quantity }] })
    const total = LOCATIONS.reduce((sum, at) => sum + sellable(cellOf(model, skus[i]!, at)), 0)
    expect(answer.status).toBe(quantity <= total ? 201 : 409)
    if (answer.status !== 201) return
    const id = String(answer.body['id'])
    const units = await app().application.db.rows<Units[number]>(sql`
      select ${skus[i]!} as sku, p.code as location, a.quantity from allocations a join locations p on p.id = a.location_id where a.order_id = ${ids.order.parse(id)!}`)
    expect(units.reduce((sum, one) => sum + one.quantity, 0)).toBe(quantity)
    take(model, units, 'allocated')
    model.orders.push({ id, units })
  })),
  nat().map((which) => step(`cancel(${which})`, async (model) => {
    const [order] = model.orders.splice(which % model.orders.length, 1)
    expect((await app().post(`/v1/orders/${order!.id}/cancel`, { reason: 'customer' })).status).toBe(200)
    end(model, order!.units, 'allocated')
  }, (model) => model.orders.length > 0)),
]

let runs = 0

test('whatever happens to stock, the books agree with the model', async () => {
  await assert(asyncProperty(commands(STEPS, { maxCommands: 40 }), async (sequence) => {
    const run = ++runs
    const skus = Array.from({ length: SKUS }, (_, i) => `M${run}-${i}`)
    for (const sku of skus) await app().post('/v1/variants', { sku, name: sku, price: { amount: '1.00', currency: 'GBP' } })
    await asyncModelRun(() => ({ model: { cells: new Map(), reservations: [], orders: [], now: 0 }, real: { skus } }), sequence)
    const report = await audit(app().application.db)
    expect(report.checks.filter(({ rows }) => rows > 0)).toEqual([])
  }), { numRuns: 30 })
}, 120_000)
