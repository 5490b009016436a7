/**
 * Why a line is refused: stable codes with the sentence the report shows. Grouped by who finds out:
 * the reader, the grouping into invoices, the classification, the matching of returns, and the capture.
 */
export const REASONS = {
  wrong_column_count: 'The line has more or fewer columns than the header.',
  line_too_long: 'The line is longer than 64 KiB.',
  unclosed_quote: 'A quoted field is not closed within 64 lines.',
  nul_byte: 'The line contains a NUL byte.',
  malformed_invoice_number: 'The invoice number is missing or no identifier.',
  malformed_stock_code: 'The stock code is missing or no identifier.',
  malformed_quantity: 'The quantity is no whole number.',
  malformed_date: 'The date is unknown to the calendar or written in no known way.',
  malformed_price: 'The price is no decimal number.',

  invoice_reappeared: 'The invoice number appears again long after its other lines.',
  invoice_too_long: 'The invoice already has 10,000 lines.',
  conflicting_customer: 'Other lines of the invoice name another customer.',

  test_line: 'A test of the till, not trade.',
  bad_debt_adjustment: 'An accounting entry about unpaid debt (invoice numbers with A, code B).',
  marketplace_fee: 'A cost of the retailer, paid to a marketplace.',
  commission: 'A commission the retailer paid on.',
  bank_charge: 'A cost of the retailer, paid to a bank.',
  samples: 'Samples given away, booked as a cost.',
  ledger_correction: 'Money without goods and without a customer: a correction of the books.',
  stock_removed: 'Stock written off (damaged, lost, given away), not sold.',
  stock_found: 'Stock found or corrected, not sold.',
  zero_quantity: 'The line is about no units.',
  negative_price: 'A price below zero.',
  negative_quantity_on_sale: 'Negative units at a price on an invoice that is no credit note.',
  positive_quantity_on_credit: 'Positive units on a credit note.',
  no_goods_no_money: 'A service at no price: nothing to deliver and nothing to pay.',

  return_without_customer: 'A return that names no customer: no purchase to match it with.',
  return_without_purchase: 'The customer is not known to have bought this before.',
  return_exceeds_purchases: 'The customer had bought fewer units than come back, or had returned them already.',
  refund_without_purchase: 'A refund without goods to a customer without an earlier order.',
  refund_exceeds_payment: 'The refund is more than what was paid and not yet refunded.',

  refused_by_capture: 'The order or return was refused when it was written; the log has the code.',
} as const

export type Reason = keyof typeof REASONS

/**
 * A line that is not imported. `quantity` and `amount` (minor units) carry the signs of the file, and are zero where
 * the line could not be read far enough to know them.
 */
export type RefusedLine = {
  /** Where the line begins in the file; the header is line 1. */
  line_number: number
  reason: Reason
  quantity: number
  amount: bigint
}
