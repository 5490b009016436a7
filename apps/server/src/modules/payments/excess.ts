import type { Payment } from './ledger.ts'

/** What an order costs now, as its row has it. */
export type OrderWorth = { worth: bigint }

/** What was asked back of the tenders of an order, by why. */
export type RefundSums = {
  order_id: string
  /** Without a cause: it lowers what the order is worth. A failed one counts for nothing. */
  goodwill: bigint
  /** For canceled units, and for returns: once, whether it failed or not. */
  for_cancellation: bigint
  for_returns: bigint
  /** What of these failed and nobody has tried again. */
  failed: bigint
}

/** What the customer owes in all: the worth of the order, less goodwill. */
export function owedInAll(order: OrderWorth, refunds: Pick<RefundSums, 'goodwill'>): bigint {
  return atLeastZero(order.worth - refunds.goodwill)
}

/** What the shop holds or is about to take, less what is on its way back. */
export function takenAmount(payments: readonly Payment[]): bigint {
  return payments.reduce((sum, { captured, capturing, refunded, refunding }) => sum + captured + capturing - refunded - refunding, 0n)
}

function atLeastZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}
