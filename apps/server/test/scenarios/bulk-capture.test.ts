import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../../src/platform/sql.ts'
import { ADMIN_KEY, useApp } from '../harness/app.ts'
import { HOME, openShop, type Shop } from '../harness/shop.ts'

const app = useApp()
let shop: Shop
let address: AddressInfo

beforeAll(async () => {
  shop = await openShop(app())
  await shop.stock('leeds', { TEA: 5_000, CUP: 10 })
  await app().application.server.listen({ host: '127.0.0.1', port: 0 })
  address = app().application.server.server.address() as AddressInfo
})

type Outcome = { line: number; order_id?: string; created?: boolean; problem?: { code: string; status: number; errors?: { pointer: string }[] } }

const order = (external_id: string, sku: string, quantity: number): string => JSON.stringify({ channel: 'web', external_id, shipping_address: HOME, lines: [{ sku, quantity }] })
const NDJSON = { headers: { 'content-type': 'application/x-ndjson' } }
const outcomesOf = (text: string): Outcome[] => text.trimEnd().split('\n').map((line) => JSON.parse(line) as Outcome)
const orderCount = async (prefix: string): Promise<number> => (await app().application.db.one<{ count: number }>(sql`select count(*)::int as count from orders where external_id like ${`${prefix}%`}`)).count

describe('a stream of orders', () => {
  test('answers each line in order; what is wrong with one harms no other', async () => {
    const body = [
      order('a-1', 'TEA', 1), '{"channel":', order('a-2', 'CUP', 11), '', order('a-3', 'CUP', 10), '{"channel":"web","lines":[{"sku":"TEA","quantity":0}]}', order('a-1', 'TEA', 1), order('a-1', 'TEA', 2),
      order('a-4', 'NOPE', 1), JSON.stringify({ channel: 'web', external_id: 'a-5', note: 'x'.repeat(1_100_000), lines: [{ sku: 'TEA', quantity: 1 }] }), order('a-6', 'TEA\u0000', 1), order('a-7', 'TEA', 1), order('a-3', 'CUP', 10),
    ].join('\n')
    const answer = await app().post('/v1/orders/bulk', body, NDJSON)
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/x-ndjson'])
    const outcomes = outcomesOf(answer.text)
    expect(outcomes.map(({ line, created, problem }) => [line, created ?? problem?.code])).toEqual([
      [1, true], [2, 'malformed_json'], [3, 'out_of_stock'], [5, true], [6, 'invalid_input'], [7, false], [8, 'external_id_conflict'], [9, 'invalid_input'], [10, 'body_too_large'], [11, 'invalid_input'], [12, true], [13, false],
    ])
    expect(outcomes[4]!.problem!.errors!.map(({ pointer }) => pointer).sort()).toEqual(['/external_id', '/lines/0/quantity'])
    expect(outcomes[5]!.order_id).toBe(outcomes[0]!.order_id)
    expect(await shop.available('CUP')).toBe(0)
  })

  test('sent again creates nothing', async () => {
    const body = Array.from({ length: 1_000 }, (_, index) => order(`b-${index}`, 'TEA', 1)).join('\n')
    const first = outcomesOf((await app().post('/v1/orders/bulk', body, NDJSON)).text)
    // A key of the whole call, as clients send it with every write, is not taken for that of each order.
    const second = outcomesOf((await app().post('/v1/orders/bulk', body, { headers: { ...NDJSON.headers, 'idempotency-key': 'the-stream' } })).text)
    expect(first.every(({ created }) => created === true)).toBe(true)
    expect(second).toEqual(first.map((outcome) => ({ ...outcome, created: false })))
    expect(await orderCount('b-')).toBe(1_000)
  })

  test('needs the permission of a single order and the right media type', async () => {
    const made = await app().post('/v1/api-keys', { name: 'reader', permissions: ['orders:read'] })
    const refused = await app().post('/v1/orders/bulk', order('c-1', 'TEA', 1), { ...NDJSON, key: String(made.body['key']) })
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])
    const json = await app().post('/v1/orders/bulk', order('c-1', 'TEA', 1))
    const elsewhere = await app().post('/v1/orders', order('c-1', 'TEA', 1), NDJSON)
    expect([json.status, elsewhere.status]).toEqual([415, 415])
    expect(await orderCount('c-')).toBe(0)
  })
})

describe('on a connection', () => {
  const open = () => {
    const socket = connect(address.port, address.address)
    socket.write(`POST /v1/orders/bulk HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN_KEY}\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n`)
    return { socket, send: (text: string): boolean => socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`) }
  }

  test('answers come while lines are still being sent, and what was read before a break is kept', async () => {
    const { socket, send } = open()
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
    send(`${order('d-1', 'TEA', 1)}\n${order('d-2', 'TEA', 1)}\n`)
    await expect.poll(() => text).toContain('"line":2,')
    expect(await orderCount('d-')).toBe(2)
    send(`${order('d-3', 'TEA', 1)}\n{"channel":`)
    socket.end()
    await expect.poll(() => orderCount('d-')).toBe(3)
  })

  test('a client that does not read is not read from', async () => {
    const { socket, send } = open()
    socket.pause()
    const lines = `{"channel":"web","note":"${'x'.repeat(500)}"}\n`.repeat(100)
    let sent = 0
    let isFull = false
    while (!isFull && sent < 500_000) {
      while (send(lines)) sent += 100
      sent += 100
      isFull = !(await Promise.race([new Promise<true>((resolve) => { socket.once('drain', () => { resolve(true) }) }), delay(1_000, false)]))
    }
    expect(isFull).toBe(true)
    let answered = 0
    let rest = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answered += (rest + chunk).split('"line":').length - 1
      rest = chunk.slice(-6)
    })
    socket.write('0\r\n\r\n')
    socket.resume()
    await expect.poll(() => answered, { timeout: 20_000 }).toBe(sent)
    socket.destroy()
  }, 40_000)
})
