import { assert, asyncModelRun, asyncProperty, commands, constantFrom, integer, nat, tuple, type AsyncCommand } from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { audit } from '../../src/audit.ts'
import { useApp, type Answer } from '../harness/app.ts'
import { openShop, type Shop } from '../harness/shop.ts'

/**
 * Random lives of orders of one SKU at one location: after every step each order's counters must be what a model says,
 * every action must be refused exactly where the model refuses it, and the stock must be what the orders left of it.
 */
const app = useApp()
let shop: Shop
beforeAll(async () => { shop = await openShop(app()) })

const STOCK = 20

type Units = Record<'allocated' | 'released' | 'picked' | 'packed' | 'shipped' | 'delivered' | 'returned' | 'canceled', number>
type Work = 'none' | 'open' | 'picked' | 'packed' | 'shipped' | 'delivered' | 'canceled'
type ModelOrder = { id: string; line_id: string; work_id: string; units: Units; work: Work }
type Model = { orders: ModelOrder[]; available: number }
type Real = { sku: string }
type Step = AsyncCommand<Model, Real>

const CANCELABLE = ['allocated', 'released', 'picked', 'packed'] as const
const cancelable = ({ units }: ModelOrder): number => CANCELABLE.reduce((sum, state) => sum + units[state], 0)

function moveAll(units: Units, from: keyof Units, to: keyof Units): void {
  units[to] += units[from]
  units[from] = 0
}

async function compare(model: Model, { sku }: Real): Promise<void> {
  for (const order of model.orders) {
    const [line] = (await app().get(`/v1/orders/${order.id}`)).body['lines'] as { units: Units }[]
    expect(line!.units).toMatchObject(order.units)
  }
  expect(await shop.available(sku)).toBe(model.available)
}

/** A step on one of the orders so far. */
function step(name: string, which: number, run: (order: ModelOrder, model: Model) => Promise<void>): Step {
  return {
    check: ({ orders }) => orders.length > 0,
    run: async (model, real) => {
      await run(model.orders[which % model.orders.length]!, model)
      await compare(model, real)
    },
    toString: () => `${name} of order ${which}`,
  }
}

const act = (order: ModelOrder, action: string): Promise<Answer> => app().post(`/v1/fulfillment-orders/${order.work_id}/${action}`, {})

/** What a location does, from which state of the work, and where the units go. */
const ACTIONS = [
  { action: 'pick', from: 'open', to: 'picked', states: ['released', 'picked'] },
  { action: 'pack', from: 'picked', to: 'packed', states: ['picked', 'packed'] },
  { action: 'ship', from: 'packed', to: 'shipped', states: ['packed', 'shipped'] },
  { action: 'deliver', from: 'shipped', to: 'delivered', states: ['shipped', 'delivered'] },
] as const

/** Orders that wait for nothing become work of their location. */
async function release(model: Model): Promise<void> {
  await app().application.settle()
  for (const order of model.orders.filter(({ work, units }) => work === 'none' && units.allocated > 0)) {
    const [work] = (await app().get(`/v1/fulfillment-orders?filter[order_id]=${order.id}`)).body.data as { id: string }[]
    order.work_id = work!.id
    order.work = 'open'
    moveAll(order.units, 'allocated', 'released')
  }
}

/** Mostly what a location does next, sometimes what it must not do. */
const WORK = tuple(constantFrom(...ACTIONS, undefined, undefined, undefined, undefined), nat()).map(([wrong, which]) => step(wrong?.action ?? 'next', which, async (order, model) => {
  if (order.work === 'none') return release(model)
  const chosen = wrong ?? ACTIONS.find(({ from }) => from === order.work)
  if (chosen === undefined) return
  const { action, from, to, states: [source, target] } = chosen
  const answer = await act(order, action)
  expect([action, order.work, answer.status]).toEqual([action, order.work, from === order.work ? 200 : 409])
  if (from !== order.work) return
  order.work = to
  moveAll(order.units, source, target)
}))

const STEPS = [
  integer({ min: 1, max: 6 }).map((quantity): Step => ({
    check: () => true,
    run: async (model, real) => {
      const placed = await shop.order({ lines: [{ sku: real.sku, quantity }], payments: [{ tender: 'external' }] })
      expect(placed.status).toBe(quantity <= model.available ? 201 : 409)
      if (placed.status === 201) {
        model.available -= quantity
        const [line] = placed.body['lines'] as { id: string }[]
        model.orders.push({
          id: String(placed.body['id']), line_id: line!.id, work_id: '', work: 'none',
          units: { allocated: quantity, released: 0, picked: 0, packed: 0, shipped: 0, delivered: 0, returned: 0, canceled: 0 },
        })
      }
      await compare(model, real)
    },
    toString: () => `order(${quantity})`,
  })),
  WORK, WORK, WORK,
  tuple(nat(), integer({ min: 1, max: 4 })).map(([which, quantity]) => step(`cancel(${quantity})`, which, async (order, model) => {
    const answer = await app().post(`/v1/orders/${order.id}/cancel`, { reason: 'customer', lines: [{ line_id: order.line_id, quantity }] })
    expect(answer.status).toBe(quantity <= cancelable(order) ? 200 : 409)
    if (answer.status !== 200) return
    for (const state of CANCELABLE) if (order.units[state] > 0) order.units[state] -= quantity
    order.units.canceled += quantity
    model.available += quantity
    if (cancelable(order) === 0) order.work = order.work === 'none' ? 'none' : 'canceled'
    // A closed box is opened again, and its label given back.
    else if (order.work === 'packed') {
      order.work = 'picked'
      moveAll(order.units, 'packed', 'picked')
    }
  })),
  tuple(nat(), integer({ min: 1, max: 3 })).map(([which, quantity]) => step(`return(${quantity})`, which, async (order, model) => {
    if (order.units.shipped > 0) return
    const requested = await app().post(`/v1/orders/${order.id}/returns`, { channel: 'till', lines: [{ line_id: order.line_id, quantity, reason: 'unwanted' }] })
    expect(requested.status).toBe(quantity <= order.units.delivered ? 201 : 409)
    if (requested.status !== 201) return
    const received = await app().post(`/v1/returns/${String(requested.body['id'])}/receive`, { location: 'leeds', lines: [{ line_id: order.line_id, quantity, disposition: 'restock' }] })
    expect(received.status, received.text).toBe(200)
    order.units.delivered -= quantity
    order.units.returned += quantity
    model.available += quantity
  })),
]

let runs = 0

test('whatever happens to orders, their counters agree with the model', async () => {
  await assert(asyncProperty(commands(STEPS, { maxCommands: 60, size: 'max' }), async (sequence) => {
    const sku = `OC${++runs}`
    await shop.stock('leeds', { [sku]: STOCK })
    await asyncModelRun(() => ({ model: { orders: [], available: STOCK }, real: { sku } }), sequence)
    expect((await audit(app().application.db)).checks.filter(({ rows }) => rows > 0)).toEqual([])
  }), { numRuns: 20 })
}, 120_000)
