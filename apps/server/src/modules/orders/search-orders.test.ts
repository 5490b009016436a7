import { beforeAll, expect, test } from 'vitest'
import { useApp } from '../../../test/harness/app.ts'
import { openShop, type Shop } from '../../../test/harness/shop.ts'
import { readPage } from '../../platform/http/listing.ts'
import { sql } from '../../platform/sql.ts'
import { ORDERS } from './list-orders.ts'
import { searchOrders } from './search-orders.ts'

const app = useApp()
let shop: Shop
/** Numbers of the orders as they were placed. */
const numbers: string[] = []

beforeAll(async () => {
  shop = await openShop(app())
  await shop.stock('leeds', { TEA: 50, CUP: 50 })
  const place = async (external_id: string, sku: string, customer: { name: string; email?: string; phone?: string }): Promise<void> => {
    const order = await shop.order({ external_id, lines: [{ sku, quantity: 1 }], customer })
    expect(order.status, order.text).toBe(201)
    numbers.push(String(order.body['number']))
  }
  await place('W-100', 'TEA', { name: 'Zoë O’Neil', email: 'zoe.oneil@find.example', phone: '+44 (20) 1234-5678' })
  await place('W-101', 'CUP', { name: 'Grace Hopper', email: 'Grace@Find.example', phone: '020 8765 4321' })
  await place('W-200', 'TEA', { name: 'Ada Hopper', phone: '+49 30 555' })
  await place('w_300', 'TEA', { name: 'Grace Kelly', email: 'gr_ce@find.example' })
})

/** Which orders are found, by their place in the order of placing, the newest first. */
async function found(query: string): Promise<number[]> {
  const { status, text, body } = await app().get(`/v1/orders?${query}`)
  expect(status, text).toBe(200)
  return (body.data as { number: string }[]).map(({ number }) => numbers.indexOf(number))
}

const SEARCHES: [string, number[]][] = [
  ['w-101', []], ['W-101', [1]], ['W-10', [1, 0]], ['w_3', [3]], ['W_', []],
  ['grace@find.EXAMPLE', [1]], ['gr_ce@', [3]], ['gr%', [3, 1]], ['zoe.o', [0]],
  ['hopper', [2, 1]], ['Grace', [3, 1]], ['hop', [2, 1]], ['grace hop', [1]], ['hopper GRACE', [1]], ['gra hopper', []], ['ZOË', [0]], ['oneil', []], ['neil', [0]], ['kel grace', []], ['a', [2]],
  ['+44 20 12345678', [0]], ['(020) 1234 5678', [0]], ['12345678', [0]], ['+44 20 8765 4321', [1]], ['123456', []], ['555', []],
  ['TEA', [3, 2, 0]], ['CUP', [1]], ['--', []], ["'", []], ['\\', []], ['%', []],
]

test.each(SEARCHES)('%j finds its orders, the newest first', async (q, expected) => {
  expect(await found(`q=${encodeURIComponent(q)}&filter[channel]=web`)).toEqual(expected)
})

test('a number is found by its digits and by its beginning', async () => {
  const number = numbers[1]!
  for (const q of [number, number.toLowerCase(), number.slice('SW-'.length)]) expect(await found(`q=${q}`)).toEqual([1])
  expect((await found(`q=${number.slice(0, -1)}&limit=200`)).includes(1)).toBe(true)
})

test('a tracking number is found as people copy it', async () => {
  await app().application.settle()
  const [work] = (await app().get(`/v1/fulfillment-orders?q=${numbers[0]!}`)).body.data as { id: string }[]
  await app().post(`/v1/fulfillment-orders/${work!.id}/pick`)
  const packed = await app().post(`/v1/fulfillment-orders/${work!.id}/pack`)
  const [tracking] = (packed.body['shipments'] as { tracking_numbers: string[] }[])[0]!.tracking_numbers
  expect(await found(`q=${encodeURIComponent(`${tracking!.slice(0, 5)} ${tracking!.slice(5).toLowerCase()}`)}`)).toEqual([0])
})

test('pages, filters and counts hold in a search', async () => {
  const first = await app().get('/v1/orders?q=TEA&limit=2&count=true')
  expect([first.body['count'], first.body['page']]).toMatchObject([3, { has_more: true }])
  expect(await found(`q=TEA&limit=2&after=${(first.body['page'] as { next: string }).next}`)).toEqual([0])
  expect(await found('q=TEA&sort=placed_at')).toEqual([0, 2, 3])
  expect(await found('q=hopper&filter[status]=canceled')).toEqual([])
})

test('finds the same, however few of the newest orders it looks through first', async () => {
  for (const [q, expected] of SEARCHES) {
    for (const newest of [1, 2, 3]) {
      const page = await readPage<{ cursor_id: string; cursor_value: string; number: string }>(
        app().application.db, { ...ORDERS, search: (text, of) => searchOrders(text, of, newest) }, { q, limit: 3 }, (cursor) => sql`select ${cursor}, o.number from orders o join channels c on c.id = o.channel_id`,
      )
      expect([q, newest, page.data.map(({ number }) => numbers.indexOf(number))]).toEqual([q, newest, expected])
    }
  }
})
