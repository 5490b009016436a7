import type { Mutant } from '../mutant.ts'

const CAPTURE = 'test/scenarios/order-capture.test.ts'
const JOURNEY = 'test/scenarios/order-journey.test.ts'
const MODEL = 'test/scenarios/order-counters.model.test.ts'
const PATHS = 'test/explorer/paths.test.ts'

/** Orders: their counters, amounts, states and holds. */
export const ORDER_MUTANTS: readonly Mutant[] = [
  {
    name: 'the order does not count what is picked', identity: 'order counters are the sums of their lines', file: 'src/modules/orders/orders.db.ts',
    before: '`units_${state} = o.units_${state} + s.${state}`', after: "`units_${state} = o.units_${state} + ${state === 'picked' ? '0' : `s.${state}`}`",
    tests: [JOURNEY],
  },
  {
    name: 'units arrive in a state and leave none', identity: 'line counters add up to the ordered quantity', file: 'src/modules/orders/orders.db.ts',
    before: '    delta[from] -= quantity\n', after: '',
    tests: [CAPTURE],
  },
  {
    name: 'backordered units stay open as well', identity: 'line counters add up to the ordered quantity', file: 'src/modules/orders/capture-batch.ts',
    before: '    line.open -= quantity\n    line.backordered += quantity', after: '    line.backordered += quantity',
    tests: [CAPTURE],
  },
  {
    name: 'the subtotal counts each line once', identity: 'order totals are the sums of their lines', file: 'src/modules/orders/capture.ts',
    before: 'const subtotal = lines.reduce((sum, line) => sum + line.unit_price * BigInt(line.quantity), 0n)', after: 'const subtotal = lines.reduce((sum, line) => sum + line.unit_price, 0n)',
    tests: ['src/modules/orders/capture.test.ts'],
  },
  {
    name: 'the tax of shipping is not in the order', identity: 'order totals are the sums of their lines', file: 'src/modules/orders/capture.ts',
    before: 'lines.reduce((sum, line) => sum + line.tax, shipping_tax)', after: 'lines.reduce((sum, line) => sum + line.tax, 0n)',
    tests: ['src/modules/orders/capture.test.ts'],
  },
  {
    name: 'odd minor units of canceled units are lost', identity: 'canceled units have given back their shares', file: 'src/modules/orders/orders.db.ts',
    before: '/ l.quantity * (${units}) + least(${units}, ${total} % l.quantity))`', after: '/ l.quantity * (${units}))`',
    tests: [CAPTURE],
  },
  {
    name: 'canceled units give nothing back', identity: 'canceled units have given back their shares', file: 'src/modules/orders/orders.db.ts',
    before: 'canceled_total = o.canceled_total + a.canceled_amount,', after: 'canceled_total = o.canceled_total,',
    tests: [CAPTURE],
  },
  {
    name: 'an order of returned units is canceled', identity: 'order statuses follow from the units', file: 'src/modules/orders/orders.db.ts',
    before: "${after('delivered')} + ${after('returned')}", after: "${after('delivered')}",
    tests: ['src/modules/returns/returns.test.ts'],
  },
  {
    name: 'an order of services alone stays open', identity: 'order statuses follow from the units', file: 'src/modules/orders/orders.db.ts',
    before: "status: activeUnits(units) === 0 ? 'completed' : 'placed',", after: "status: 'placed',",
    tests: ['src/modules/orders/orders.api.test.ts'],
  },
  {
    name: 'a hold that somebody places is not counted', identity: 'open holds are counted', file: 'src/modules/orders/commands/holds.ts',
    before: 'await insertHolds(tx, [hold], false)', after: 'await insertHolds(tx, [hold], true)',
    tests: [CAPTURE],
  },
  {
    name: 'a hold that ends stays counted', identity: 'open holds are counted', file: 'src/modules/orders/orders.db.ts',
    before: 'update orders o set open_holds = o.open_holds - e.count', after: 'update orders o set open_holds = o.open_holds - 0 * e.count',
    tests: [CAPTURE],
  },
  {
    name: 'orders are read and not locked', identity: 'order counters are the sums of their lines', file: 'src/modules/orders/orders.db.ts',
    before: "from orders where id = any(${arrayOf(orderIds, 'uuid')}) order by id for update`)", after: "from orders where id = any(${arrayOf(orderIds, 'uuid')}) order by id`)",
    tests: [PATHS], only: 'ship, cancel: one box',
  },
  {
    name: 'an order that was sent before is taken again', identity: 'an external id is one order', file: 'src/modules/orders/capture-resolve.ts',
    before: "return stored.content_hash === content_hash ? { kind: 'exists', order_id: stored.id } : {", after: 'return {',
    tests: [CAPTURE],
  },
  {
    name: 'one external id may come twice in a batch', identity: 'an external id is one order', file: 'src/modules/orders/capture-resolve.ts',
    before: "      if (first !== undefined) return { kind: 'repeats', first, content_hash }\n", after: '',
    tests: ['test/scenarios/bulk-capture.test.ts'],
  },
  {
    name: 'an order with another content passes for the one before', identity: 'an external id is one order', file: 'src/modules/orders/capture-batch.ts',
    before: 'outcomes[index] = order.content_hash === content_hash ? {', after: 'outcomes[index] = order.content_hash !== null ? {',
    tests: [PATHS], only: 'the channel sends one number with two contents',
  },
  {
    name: 'units may be canceled that have left', identity: 'a unit leaves once', file: 'src/modules/orders/order.ts',
    before: "'picked', 'packed'] as const satisfies readonly UnitState[]", after: "'picked', 'packed', 'shipped'] as const satisfies readonly UnitState[]",
    tests: ['src/modules/orders/order.test.ts', MODEL],
  },
]
