import type { Mutant } from '../mutant.ts'

const RETURNS = 'src/modules/returns/returns.test.ts'
const RETURN = 'src/modules/returns/return.test.ts'
const MONEY = 'test/scenarios/money.test.ts'
const PATHS = 'test/explorer/paths.test.ts'

/** Goods that come back, and the money for them. */
export const RETURN_MUTANTS: readonly Mutant[] = [
  {
    name: 'what a return withholds is given back all the same', identity: 'returns have given back shares and shipping, less what was withheld', file: 'src/modules/returns/work.ts',
    before: '    work.given_back -= part.withheld\n', after: '',
    tests: [RETURNS],
  },
  {
    name: 'shipping that is paid back does not lower the worth', identity: 'returns have given back shares and shipping, less what was withheld', file: 'src/modules/returns/work.ts',
    before: '  work.given_back += refund.shipping\n', after: '',
    tests: [RETURNS],
  },
  {
    name: 'a return does not lower the worth of its order', identity: 'returns have given back shares and shipping, less what was withheld', file: 'src/modules/returns/store-work.ts',
    before: '  await addReturned(tx, works.flatMap(({ order, given_back }) => (given_back === 0n ? [] : [{ order_id: order.id, amount: given_back }])))\n', after: '',
    tests: [RETURNS],
  },
  {
    name: 'a wish outlives its refund', identity: 'refunds wait only where something is left to pay', file: 'src/modules/returns/commands/refund-return.ts',
    before: '  if (work.lines.every((line) => dueAmount(line) === 0n)) work.row.refund_wish = null\n', after: '',
    tests: [MONEY],
  },
  {
    name: 'a wish outlives its return', identity: 'refunds wait only where something is left to pay', file: 'src/modules/returns/commands/close-return.ts',
    before: '  row.refund_wish = null\n', after: '',
    tests: [MONEY],
  },
  {
    name: 'of units that arrive together one is counted', identity: 'returned units of order lines are those that returns received', file: 'src/modules/returns/work.ts',
    before: '    line.received += quantity\n', after: '    line.received += 1\n',
    tests: [RETURNS],
  },
  {
    name: 'of units that arrive together one comes into stock', identity: 'goods that returns received came into stock', file: 'src/modules/returns/work.ts',
    before: "{ from_state: null, to_state: 'quality_control', quantity, reason: 'return', location_id }", after: "{ from_state: null, to_state: 'quality_control', quantity: 1, reason: 'return', location_id }",
    tests: [RETURNS],
  },
  {
    name: 'what was withheld is due once more', identity: 'returns pay back no more than the shares of what they received', file: 'src/modules/returns/return.ts',
    before: 'return line.refundable - line.refunded - line.withheld', after: 'return line.refundable - line.refunded',
    tests: [RETURNS],
  },
  {
    name: 'units are graded that did not come', identity: 'returns pay back no more than the shares of what they received', file: 'src/modules/returns/receipt.ts',
    before: 'return sumAsks(lines, asks, ungradedUnits)', after: 'return sumAsks(lines, asks, (line) => line.quantity)',
    tests: [RETURN],
  },
  {
    name: 'every unit that comes back has the share of the first', identity: 'the shares of returned units are never more than their line cost', file: 'src/modules/returns/refund.ts',
    before: 'return least(unwoundAmount(line, pricesIncludeTax, line.canceled + line.returned, quantity), lineTotal(line, pricesIncludeTax) - granted)', after: 'return least(unwoundAmount(line, pricesIncludeTax, 0, quantity), lineTotal(line, pricesIncludeTax))',
    tests: [RETURN],
  },
  {
    name: 'a return leaves shipping out of its refund', identity: 'the refund of a return is the sum of its parts and stands in the ledger', file: 'src/modules/returns/work.ts',
    before: '  work.row.refund_total += refund.total\n', after: '  work.row.refund_total += refund.goods\n',
    tests: [RETURNS],
  },
  {
    name: 'a refund has no cause', identity: 'the refund of a return is the sum of its parts and stands in the ledger', file: 'src/modules/payments/request-moves.ts',
    before: 'cause_id: cause_id ?? null }', after: 'cause_id: null }',
    tests: [RETURNS],
  },
  {
    name: 'each return pays shipping back', identity: 'shipping is paid back at most once', file: 'src/modules/returns/queries/held-amount.ts',
    before: 'return shippingPaid(order) - ((await shippingRefundedOf(db, [order.id])).get(order.id) ?? 0n)', after: 'return shippingPaid(order)',
    tests: [RETURNS],
  },
  {
    name: 'a return does not tell of its request', identity: 'every return has told of its request and of its end', file: 'src/modules/returns/commands/request-return.ts',
    before: "emit(returnEvent({ ...row, number }, 'requested', shown), ...(", after: 'emit(...(',
    tests: [RETURNS],
  },
  {
    name: 'a return that closes by itself does not tell', identity: 'every return has told of its request and of its end', file: 'src/modules/returns/store-work.ts',
    before: "  row.closed_at = at\n  return [returnEvent(row, 'closed')]", after: '  row.closed_at = at\n  return []',
    tests: [RETURNS],
  },
  {
    name: 'announced units may be announced once more', identity: 'a unit comes back once, and only after it left', file: 'src/modules/returns/return.ts',
    before: 'return Math.max(0, line.shipped + line.delivered - line.announced)', after: 'return Math.max(0, line.shipped + line.delivered)',
    tests: [RETURN],
  },
  {
    name: 'units come back that have not left', identity: 'a unit comes back once, and only after it left', file: 'src/modules/returns/receipt.ts',
    before: '  if (shipped > line.shipped) return undefined\n', after: '',
    tests: [RETURN],
  },
  {
    name: 'more units are received than are missing', identity: 'a unit comes back once, and only after it left', file: 'src/modules/returns/receipt.ts',
    before: 'asks ?? all, (line) => line.quantity - line.received)', after: 'asks ?? all, (line) => line.quantity)',
    tests: [RETURN],
  },
  {
    name: 'a return is worked on as it was before the lock', identity: 'a unit comes back once, and only after it left', file: 'src/modules/returns/access.ts',
    before: '  const row = await findReturn(tx, returnId)\n', after: '  const row = found\n',
    tests: [PATHS], only: 'receive, cancel: one return',
  },
]
