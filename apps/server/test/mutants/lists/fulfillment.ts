import type { Mutant } from '../mutant.ts'

const WORK = 'src/modules/fulfillment/work.test.ts'
const FULFILLMENT = 'src/modules/fulfillment/fulfillment.test.ts'
const JOURNEY = 'test/scenarios/order-journey.test.ts'
const PATHS = 'test/explorer/paths.test.ts'

/** The work of locations, its boxes and labels. */
export const FULFILLMENT_MUTANTS: readonly Mutant[] = [
  {
    name: 'picked units that are given back stay claimed', identity: 'what a location still has to do is what it holds claims for', file: 'src/modules/fulfillment/work.ts',
    before: 'given_back: parts.map(({ order_line_id, quantity }) => ({ order_line_id, quantity, reason: request.reason, note: request.note })),', after: 'given_back: parts.flatMap(({ order_line_id, unpicked }) => (unpicked === 0 ? [] : [{ order_line_id, quantity: unpicked, reason: request.reason, note: request.note }])),',
    tests: [WORK, FULFILLMENT],
  },
  {
    name: 'claims are handed over and their units are not', identity: 'claims are what the lines say is claimed', file: 'src/modules/fulfillment/release.ts',
    before: "  await moveUnits(tx, claims.map(({ order_id, order_line_id, quantity }) => ({ order_id, order_line_id, from: 'allocated' as const, to: 'released' as const, quantity })), at)\n", after: '',
    tests: [JOURNEY],
  },
  {
    name: 'opened boxes leave their units packed', identity: 'units of order lines are where their fulfillment orders have them', file: 'src/modules/fulfillment/work.ts',
    before: "moves: lines.flatMap((line) => move(line.order_line_id, 'packed', 'picked', -line.packed)), ", after: '',
    tests: [FULFILLMENT],
  },
  {
    name: 'lines of work are not written', identity: 'units of order lines are where their fulfillment orders have them', file: 'src/modules/fulfillment/fulfillment.db.ts',
    before: 'is distinct from (input.picked, input.packed, input.shipped, input.rejected, input.canceled)`)', after: 'is distinct from (input.picked, input.packed, input.shipped, input.rejected, input.canceled) and l.picked = 0`)',
    tests: [JOURNEY],
  },
  {
    name: 'work of which nothing is left stays open', identity: 'fulfillment orders are closed when nothing is left to do', file: 'src/modules/fulfillment/work.ts',
    before: "  return left > 0 ? change : { ...change, status: fulfillmentOrderMachine.next('reject', work.status)", after: "  return left >= 0 ? change : { ...change, status: fulfillmentOrderMachine.next('reject', work.status)",
    tests: [WORK],
  },
  {
    name: 'work whose last unit is canceled stays open', identity: 'fulfillment orders are closed when nothing is left to do', file: 'src/modules/fulfillment/withdraw.ts',
    before: 'change: left > 0 ? change : {', after: 'change: left >= 0 ? change : {',
    tests: [WORK, JOURNEY],
  },
  {
    name: 'canceled units stay in their boxes', identity: 'boxes hold what was packed, and every unit is in one box', file: 'src/modules/fulfillment/withdraw.ts',
    before: "const opens_boxes = work.kind === 'ship' && work.status === 'packed'", after: 'const opens_boxes = false',
    tests: [JOURNEY],
  },
  {
    name: 'boxes may leave picked units out', identity: 'boxes hold what was packed, and every unit is in one box', file: 'src/modules/fulfillment/pack.ts',
    before: '  if (wrong === undefined) return undefined\n', after: '  if (wrong !== undefined || packed.size > 0) return undefined\n',
    tests: [FULFILLMENT],
  },
  {
    name: 'goods leave and their shipment does not', identity: 'shipped fulfillment orders have a shipment that left, and no other has', file: 'src/modules/fulfillment/verbs.ts',
    before: '    journal.departing.push(...(departures.get(work.id) ?? []))\n', after: '',
    tests: [JOURNEY],
  },
  {
    name: 'a shipment is voided and its labels are not', identity: 'labels are voided with their shipment', file: 'src/modules/shipping/shipping.db.ts',
    before: "  await tx.run(sql`update packages set label_status = 'voided' where shipment_id = any(${arrayOf(shipmentIds, 'uuid')}) and label_status = 'active'`)\n", after: '',
    tests: [FULFILLMENT],
  },
  {
    name: 'opened boxes keep their labels', identity: 'a box has one active label', file: 'src/modules/fulfillment/verbs.ts',
    before: '    journal.voided.push(...(departures.get(work.id) ?? []).map(({ id }) => id))\n', after: '',
    tests: [FULFILLMENT],
  },
  {
    name: 'goods may be packed once more', identity: 'a box has one active label', file: 'src/modules/fulfillment/fulfillment-order.ts',
    before: "pack: { from: ['picking'], to: 'packed' }", after: "pack: { from: ['picking', 'packed'], to: 'packed' }",
    tests: [PATHS], only: 'pack, pack: one label',
  },
  {
    name: 'goods may be shipped once more', identity: 'a unit leaves once', file: 'src/modules/fulfillment/fulfillment-order.ts',
    before: "ship: { from: ['packed'], to: 'shipped' }", after: "ship: { from: ['packed', 'shipped'], to: 'shipped' }",
    tests: [PATHS], only: 'ship, ship: one box',
  },
  {
    name: 'a decision does not see the one before it', identity: 'a unit leaves once', file: 'src/modules/fulfillment/journal.ts',
    before: '  journal.works.set(work.id, after)\n', after: '',
    tests: [FULFILLMENT],
  },
  {
    name: 'units that leave stay in the books', identity: 'what a location still has to do is what it holds claims for', file: 'src/modules/fulfillment/work.ts',
    before: 'left: lines.map(({ order_line_id, shipped }) => ({ order_line_id, quantity: shipped })),', after: 'left: [],',
    tests: [JOURNEY],
  },
  {
    name: 'work is decided on as it was before the lock', identity: 'a unit leaves once', file: 'src/modules/fulfillment/journal.ts',
    before: '  const orders = await lockOrders(tx, [...new Set(found.map(({ order_id }) => order_id))])\n  const works = await lockFulfillmentOrders(tx, found.map(({ id }) => id))', after: '  const works = await lockFulfillmentOrders(tx, found.map(({ id }) => id))\n  const orders = await lockOrders(tx, [...new Set(found.map(({ order_id }) => order_id))])',
    tests: [PATHS], only: 'ship, cancel: one box',
  },
  {
    name: 'a delivery is told twice', identity: 'a unit leaves once', file: 'src/modules/fulfillment/commands/track-shipments.ts',
    before: '    taken.add(work.id)\n', after: '',
    tests: [FULFILLMENT],
  },
]
