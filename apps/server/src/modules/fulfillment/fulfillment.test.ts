import { beforeAll, describe, expect, test } from 'vitest'
import { useApp, type Answer } from '../../../test/harness/app.ts'
import { openShop, type Shop } from '../../../test/harness/shop.ts'

const app = useApp()
let shop: Shop
beforeAll(async () => { shop = await openShop(app()) })

type Line = { id: string; line_id: string; sku: string; units: Record<string, number> }
type Work = { id: string; location: string; status: string; lines: Line[]; shipments: { id: string; tracking_numbers: string[] }[] }

const idOf = (answer: Answer): string => String(answer.body['id'])
const linesOf = (answer: Answer): Line[] => answer.body['lines'] as Line[]
const show = (order: Answer): Promise<Answer> => app().get(`/v1/orders/${idOf(order)}`)
const workOf = async (order: Answer): Promise<Work[]> => (await app().get(`/v1/fulfillment-orders?filter[order_id]=${idOf(order)}`)).body.data as Work[]
const act = (id: string, verb: string, body: object = {}): Promise<Answer> => app().post(`/v1/fulfillment-orders/${id}/${verb}`, body)

async function done(id: string, ...verbs: string[]): Promise<Answer> {
  let answer: Answer | undefined
  for (const verb of verbs) {
    answer = await act(id, verb)
    expect([verb, answer.status, answer.body.code]).toEqual([verb, 200, undefined])
  }
  return answer!
}

/** An order of these units in Leeds, handed over. */
async function released(units: Record<string, number>, body: Record<string, unknown> = {}): Promise<{ order: Answer; work: Work }> {
  await shop.stock('leeds', units)
  const order = await shop.order({ lines: Object.entries(units).map(([sku, quantity]) => ({ sku, quantity })), ...body })
  expect(order.status, order.text).toBe(201)
  await app().application.settle()
  const [work] = await workOf(order)
  return { order, work: work! }
}

describe('packing', () => {
  test('into two boxes gives each its own label, and the boxes must hold exactly what is picked', async () => {
    const { work } = await released({ BOXED: 3 })
    await done(work.id, 'pick')
    const line_id = work.lines[0]!.line_id
    const missing = await act(work.id, 'pack', { packages: [{ lines: [{ line_id, quantity: 2 }] }] })
    expect([missing.status, missing.body.errors?.[0]?.pointer]).toEqual([422, '/packages'])
    const heavy = await act(work.id, 'pack', { packages: [{ weight_grams: 90_000, lines: [{ line_id, quantity: 3 }] }] })
    expect([heavy.status, heavy.body.code]).toEqual([409, 'no_rate'])
    const packed = await act(work.id, 'pack', { service: 'next_day', packages: [{ weight_grams: 800, length_mm: 300, width_mm: 200, height_mm: 100, lines: [{ line_id, quantity: 2 }] }, { lines: [{ line_id, quantity: 1 }] }] })
    expect(packed.status, packed.text).toBe(200)
    const shipment = (packed.body['shipments'] as Work['shipments'])[0]!
    expect(new Set(shipment.tracking_numbers).size).toBe(2)
    const view = await app().get(`/v1/shipments/${shipment.id}`)
    expect(view.body).toMatchObject({
      status: 'label_purchased', service: 'next_day', promised_by: '2026-03-04', // The first box is billed by its volume.
      cost: { amount: '10.24', currency: 'GBP' },
      packages: [{ weight_grams: 800, lines: [{ quantity: 2 }] }, { weight_grams: 250, lines: [{ quantity: 1 }] }],
    })
    expect((await app().get(`/v1/shipments?q=${shipment.tracking_numbers[1]!.toLowerCase()}`)).body.data).toHaveLength(1)
  })

  test('waits for an address that labels can show', async () => {
    const { order, work } = await released({ FAR: 1 }, { shipping_address: { name: '山田 花子', line1: 'Złota 44', city: '東京', country: 'JP' } })
    expect((await app().get(`/v1/fulfillment-orders/${work.id}/pick-list`)).text.slice(0, 5)).toBe('%PDF-')
    await done(work.id, 'pick')
    const refused = await act(work.id, 'pack')
    expect([refused.status, refused.body.code, refused.body['characters']]).toEqual([409, 'address_not_printable', ['山', '田', '花', '子', '東', '京']])
    await app().patch(`/v1/orders/${idOf(order)}`, { shipping_address: { name: 'Hanako Yamada', line1: 'Złota 44', city: 'Tōkyō', country: 'JP' } })
    const packed = await done(work.id, 'pack')
    const box = ((await app().get(`/v1/shipments/${(packed.body['shipments'] as Work['shipments'])[0]!.id}`)).body['packages'] as { id: string }[])[0]!.id
    expect((await app().get(`/v1/packages/${box}/label?format=zpl`)).text).toContain('Hanako Yamada')
  })

  test('can be undone: the label is voided, never printed again, and the goods are packed anew', async () => {
    const { work } = await released({ VOIDED: 1 })
    const packed = await done(work.id, 'pick', 'pack')
    const first = (packed.body['shipments'] as Work['shipments'])[0]!.id
    const box = ((await app().get(`/v1/shipments/${first}`)).body['packages'] as { id: string }[])[0]!.id
    const [one, again] = [await app().get(`/v1/packages/${box}/label?format=zpl`), await app().get(`/v1/packages/${box}/label?format=zpl`)]
    expect([one.status, one.text === again.text]).toEqual([200, true])
    const voided = await app().post(`/v1/shipments/${first}/void`)
    expect(voided.body).toMatchObject({ status: 'voided', packages: [{ label_status: 'voided' }] })
    const print = await app().get(`/v1/packages/${box}/label`)
    expect([print.status, print.body.code]).toEqual([409, 'label_voided'])
    expect((await app().post('/v1/labels/print', { shipment_ids: [first] })).body.code).toBe('label_voided')
    const second = ((await done(work.id, 'pack')).body['shipments'] as Work['shipments'])[0]!.id
    expect(second).not.toBe(first)
    await done(work.id, 'ship')
    expect((await app().post(`/v1/shipments/${second}/void`)).body.code).toBe('fulfillment_action_not_allowed')
    const labels = await app().post('/v1/labels/print', { shipment_ids: [second], format: 'zpl', dpi: 300, size: '100x150' })
    expect([labels.status, labels.headers['content-type'], labels.text.startsWith('^XA')]).toEqual([200, 'application/zpl', true])
  })
})

describe('money', () => {
  test('is collected by departure, with shipping first, and adds up to the penny whatever is canceled between', async () => {
    await shop.stock('leeds', { PART: 1 })
    await shop.stock('london', { PART: 2 })
    const order = await shop.order({
      lines: [{ sku: 'PART', quantity: 3, discount: { amount: '1.00', currency: 'GBP' } }], shipping: { amount: '3.95', currency: 'GBP' }, payments: [{ tender: 'card', gateway: 'test', token: 'tok_ok' }],
    })
    await app().application.settle()
    const works = await workOf(order)
    expect(works.map(({ location }) => location).toSorted()).toEqual(['leeds', 'london'])
    const [leeds, london] = [works.find(({ location }) => location === 'leeds')!, works.find(({ location }) => location === 'london')!]
    await done(leeds.id, 'pick', 'pack', 'ship')
    await app().application.settle()
    // 14.00 for three is 4.67, 4.67 and 4.66.
    expect((await show(order)).body).toMatchObject({ fulfillment_status: 'partially_shipped', paid: { captured: { amount: '8.62' } } })
    await app().post(`/v1/orders/${idOf(order)}/cancel`, { reason: 'customer', lines: [{ line_id: linesOf(order)[0]!.id, quantity: 1 }] })
    await done(london.id, 'pick', 'pack', 'ship')
    await app().application.settle()
    expect((await show(order)).body).toMatchObject({ fulfillment_status: 'shipped', paid: { captured: { amount: '13.28' } } })
  })
})

describe('giving back', () => {
  test('damaged units are set aside, display pieces stay for sale; the order waits where nobody else has them', async () => {
    const { order, work } = await released({ BROKEN: 2 })
    const picked = await act(work.id, 'pick', { lines: [{ line_id: work.lines[0]!.line_id, quantity: 1 }], short: [{ line_id: work.lines[0]!.line_id, quantity: 1, reason: 'damaged', note: 'wet' }] })
    expect(picked.body).toMatchObject({ status: 'picking', lines: [{ picked: 1, rejected: 1, remaining: 1 }] })
    expect(await shop.available('BROKEN')).toBe(0)
    expect((await show(order)).body).toMatchObject({ holds: [{ type: 'out_of_stock' }] })
    // Missing stock does not stop what is there.
    await done(work.id, 'pack', 'ship')
    const { work: other } = await released({ SHOWN: 1 })
    expect((await act(other.id, 'reject', { reason: 'display_piece' })).body['status']).toBe('rejected')
    expect(await shop.available('SHOWN')).toBe(1)
  })

  test('needs units that are there, and lines that exist', async () => {
    const { work } = await released({ COUNTED: 2 })
    const many = await act(work.id, 'pick', { lines: [{ line_id: work.lines[0]!.line_id, quantity: 3 }] })
    expect([many.status, many.body.code, many.body['left']]).toEqual([409, 'too_few_units', 2])
    const { order } = await released({ OTHER: 1 })
    const strange = await act(work.id, 'reject', { reason: 'other', lines: [{ line_id: linesOf(order)[0]!.id, quantity: 1 }] })
    expect([strange.status, strange.body.errors?.[0]?.pointer]).toEqual([422, '/lines/0/line_id'])
    expect((await act(work.id, 'pack')).body.code).toBe('fulfillment_action_not_allowed')
  })
})

describe('holds', () => {
  test('keep orders from being released and goods from leaving', async () => {
    await shop.stock('leeds', { HELD: 2 })
    const order = await shop.order({ lines: [{ sku: 'HELD', quantity: 1 }] })
    const url = `/v1/orders/${idOf(order)}`
    await app().post(`${url}/holds`, { type: 'fraud_risk' })
    await app().application.settle()
    expect(await workOf(order)).toEqual([])
    expect((await app().post(`${url}/release`)).body.code).toBe('order_not_releasable')
    await app().post(`${url}/release-holds`)
    expect((await app().post(`${url}/release`)).body['fulfillment_order_ids']).toHaveLength(1)
    const [work] = await workOf(order)
    await done(work!.id, 'pick')
    await app().post(`${url}/holds`, { type: 'fraud_risk' })
    const view = await app().get(`/v1/fulfillment-orders/${work!.id}`)
    expect((view.body['allowed_actions'] as { action: string; reason?: string }[]).find(({ action }) => action === 'pack')).toEqual({ action: 'pack', allowed: false, reason: 'The order is on hold.' })
    expect((await act(work!.id, 'pack')).body.code).toBe('fulfillment_action_not_allowed')
    await app().post(`${url}/release-holds`)
    await done(work!.id, 'pack')
  })
})

describe('many at once', () => {
  test('each has its own outcome; documents come in the order asked for', async () => {
    const works: Work[] = []
    for (const sku of ['BULK-A', 'BULK-B', 'BULK-C']) works.push((await released({ [sku]: 1 })).work)
    const ids = works.map(({ id }) => id)
    const list = await app().post('/v1/pick-lists', { fulfillment_order_ids: ids })
    expect([list.status, list.text.slice(0, 5)]).toEqual([200, '%PDF-'])
    await act(ids[1]!, 'reject', { reason: 'other' })
    const picked = await app().post('/v1/fulfillment-orders/bulk/pick', { fulfillment_order_ids: ids })
    expect((picked.body.data as { ok: boolean; code?: string }[]).map(({ ok, code }) => code ?? ok)).toEqual([true, 'fulfillment_action_not_allowed', true])
    for (const verb of ['pack', 'ship']) expect((await app().post(`/v1/fulfillment-orders/bulk/${verb}`, { fulfillment_order_ids: [ids[2], ids[0]] })).body.data).toMatchObject([{ ok: true }, { ok: true }])
    const shipments = await Promise.all([ids[2]!, ids[0]!].map(async (id) => ((await app().get(`/v1/fulfillment-orders/${id}`)).body['shipments'] as Work['shipments'])[0]!))
    const labels = await app().post('/v1/labels/print', { shipment_ids: shipments.map(({ id }) => id), format: 'zpl' })
    const found = shipments.map(({ tracking_numbers }) => labels.text.indexOf(tracking_numbers[0]!.slice(2)))
    expect(found[0]).toBeGreaterThan(0)
    expect(found[1]).toBeGreaterThan(found[0]!)
    expect((await app().post('/v1/packing-slips', { shipment_ids: shipments.map(({ id }) => id) })).text.slice(0, 5)).toBe('%PDF-')
    expect((await app().post('/v1/pick-lists', { fulfillment_order_ids: ids })).body.code).toBe('nothing_to_pick')
  })

  test('shipping and canceling at the same moment: the units do one of the two', async () => {
    for (let round = 0; round < 5; round++) {
      const { order, work } = await released({ RACE: 2 })
      await done(work.id, 'pick', 'pack')
      const [cancel, ...ships] = await Promise.all([app().post(`/v1/orders/${idOf(order)}/cancel`, { reason: 'customer' }), ...[1, 2, 3].map(() => act(work.id, 'ship'))])
      const shipped = ships.filter(({ status }) => status === 200).length
      expect([cancel.status, shipped]).toEqual(cancel.status === 200 ? [200, 0] : [409, 1])
      expect(linesOf(await show(order))[0]!.units).toMatchObject(cancel.status === 200 ? { canceled: 2, shipped: 0 } : { canceled: 0, shipped: 2 })
    }
  })
})

describe('tracking', () => {
  test('moves forward only, in whatever order the news comes, and delivers the units of the order once', async () => {
    const { order, work } = await released({ TRACKED: 1 })
    const packed = await done(work.id, 'pick', 'pack')
    const url = `/v1/shipments/${(packed.body['shipments'] as Work['shipments'])[0]!.id}/tracking-events`
    expect((await app().post(url, { status: 'in_transit' })).body.code).toBe('shipment_not_handed_over')
    await done(work.id, 'ship')
    app().clock.advance(3_600_000)
    expect((await app().post(url, { status: 'out_for_delivery', carrier_status: 'OFD', place: 'Leeds' })).body).toMatchObject({ status: 'out_for_delivery', tracking_events: [{ carrier_status: 'OFD', place: 'Leeds' }] })
    expect((await app().post(url, { status: 'delivered', occurred_at: '2027-01-01T00:00:00Z' })).status).toBe(422)
    for (let times = 0; times < 2; times++) expect((await app().post(url, { status: 'delivered' })).body['status']).toBe('delivered')
    expect((await app().post(url, { status: 'in_transit', occurred_at: '2026-03-03T09:30:00Z' })).body).toMatchObject({ status: 'delivered' })
    expect((await show(order)).body).toMatchObject({ status: 'completed', fulfillment_status: 'delivered' })
    const types = ((await app().get(`/v1/orders/${idOf(order)}/timeline`)).body.data as { type: string }[]).map(({ type }) => type)
    expect(types.filter((type) => type === 'shipment.delivered' || type === 'order.completed' || type === 'order.delivered')).toEqual(['shipment.delivered', 'order.delivered', 'order.completed'])
  })
})

describe('a delivery', () => {
  const HOUR_MS = 3_600_000
  const actionsOf = (shown: Answer) => shown.body['allowed_actions'] as { action: string; allowed: boolean; reason?: string }[]

  test('is offered when the boxes have left, and not before', async () => {
    const { work } = await released({ LEAVES: 1 })
    const [shipment] = (await done(work.id, 'pick', 'pack')).body['shipments'] as Work['shipments']
    const shown = () => app().get(`/v1/shipments/${shipment!.id}`)
    expect(actionsOf(await shown())).toContainEqual({ action: 'deliver', allowed: false, reason: 'The shipment has not been handed over to the carrier.' })
    await done(work.id, 'ship')
    expect(actionsOf(await shown())).toContainEqual({ action: 'deliver', allowed: true })
    await done(work.id, 'deliver')
    expect(actionsOf(await shown())).toContainEqual({ action: 'deliver', allowed: false, reason: 'The shipment is delivered.' })
  })

  test('cannot have been before the departure, but for clocks that differ a little', async () => {
    const { work } = await released({ EARLY: 1 })
    const [shipment] = (await done(work.id, 'pick', 'pack', 'ship')).body['shipments'] as Work['shipments']
    const shipped = app().clock.current().getTime()
    const report = (status: string, before_ms: number) => app().post(`/v1/shipments/${shipment!.id}/tracking-events`, { status, occurred_at: new Date(shipped - before_ms).toISOString() })
    for (const status of ['delivered', 'out_for_delivery']) {
      const refused = await report(status, HOUR_MS)
      expect([refused.status, refused.body.code]).toEqual([422, 'shipment_report_before_departure'])
    }
    const taken = await report('delivered', 60_000)
    expect([taken.status, taken.body['delivered_at']]).toEqual([201, new Date(shipped).toISOString()])
  })

  test('is done once, however many say so at the same moment', async () => {
    const [first, work] = [(await released({ FIRST: 1 })).work, (await released({ ONCE: 2 })).work]
    for (const { id } of [first, work]) await done(id, 'pick', 'pack', 'ship')
    // The first call goes alone; those that come meanwhile are one batch.
    const [, ...answers] = await Promise.all([act(first.id, 'deliver'), ...Array.from({ length: 6 }, () => act(work.id, 'deliver'))])
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409, 409])
    expect((await act(work.id, 'deliver')).body.code).toBe('fulfillment_action_not_allowed')
  })
})

describe('people of one location', () => {
  test('see and do its work and no other', async () => {
    const made = await app().post('/v1/api-keys', { name: 'york', permissions: ['fulfillment:read', 'fulfillment:work', 'shipping:read', 'shipping:ship'], locations: ['york'] })
    const key = String(made.body['key'])
    const { work } = await released({ ELSEWHERE: 1 })
    expect((await app().get('/v1/fulfillment-orders', { key })).body.data).toEqual([])
    expect((await app().get(`/v1/fulfillment-orders/${work.id}`, { key })).status).toBe(404)
    expect((await app().post(`/v1/fulfillment-orders/${work.id}/pick`, {}, { key })).status).toBe(404)
    const bulk = await app().post('/v1/fulfillment-orders/bulk/pick', { fulfillment_order_ids: [work.id] }, { key })
    expect(bulk.body.data).toMatchObject([{ ok: false, code: 'not_found' }])
    const packed = await done(work.id, 'pick', 'pack')
    const shipment = (packed.body['shipments'] as Work['shipments'])[0]!.id
    expect((await app().get(`/v1/shipments/${shipment}`, { key })).status).toBe(404)
    expect((await app().post(`/v1/labels/print`, { shipment_ids: [shipment] }, { key })).body.errors?.[0]?.pointer).toBe('/shipment_ids/0')
    expect((await app().post(`/v1/shipments/${shipment}/tracking-events`, { status: 'delivered' }, { key })).status).toBe(404)
  })

  test('may send a call twice', async () => {
    const { work } = await released({ TWICE: 1 })
    const headers = { 'idempotency-key': 'pick-twice' }
    for (let times = 0; times < 2; times++) expect((await app().post(`/v1/fulfillment-orders/${work.id}/pick`, {}, { headers })).status).toBe(200)
  })
})
