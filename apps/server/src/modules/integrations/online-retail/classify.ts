import type { RawLine } from './lines.ts'
import type { Reason } from './reasons.ts'

/** `sale` invoices are plain numbers, `credit` notes begin with C, accounting `adjustment`s with A. */
export type InvoiceKind = 'sale' | 'credit' | 'adjustment'

/** What a stock code stands for. */
export type CodeKind = 'goods' | 'shipping' | 'service' | 'marketplace_fee' | 'commission' | 'bank_charge' | 'samples' | 'bad_debt' | 'test'

/** What a line needs to know of its whole invoice. */
export type InvoiceFacts = { kind: InvoiceKind; has_customer: boolean; has_goods: boolean; has_service: boolean; has_paid_line: boolean }

export type Classification =
  /** `goods` move stock; a `service` is a product without stock; `shipping` is the order's shipping charge. */
  | { import_as: 'goods' | 'service' | 'shipping' }
  /** `goods_return` needs the purchase it undoes; a `refund` is money without goods, on an order of that customer. */
  | { import_as: 'goods_return' | 'refund' }
  | { refuse: Reason }

const CODES: Readonly<Record<string, CodeKind>> = {
  POST: 'shipping', DOT: 'shipping', C2: 'shipping', C3: 'shipping',
  M: 'service', D: 'service',
  AMAZONFEE: 'marketplace_fee',
  CRUK: 'commission',
  'BANK CHARGES': 'bank_charge',
  S: 'samples',
  B: 'bad_debt',
  // Cushion pads: an article in spite of its name.
  PADS: 'goods',
}

export function classifyInvoice(invoice_no: string): InvoiceKind {
  if (/^C\d/.test(invoice_no)) return 'credit'
  return /^A\d/.test(invoice_no) ? 'adjustment' : 'sale'
}

/** Codes not known by name are goods if they have a digit (85123A, DCGS0076), and services if not; vouchers are services. */
export function classifyCode(stock_code: string): CodeKind {
  const known = Object.hasOwn(CODES, stock_code) ? CODES[stock_code] : undefined
  if (known !== undefined) return known
  if (/^TEST/.test(stock_code)) return 'test'
  if (/^(GIFT|ADJUST)/.test(stock_code)) return 'service'
  return /\d/.test(stock_code) || /^DCGS/.test(stock_code) ? 'goods' : 'service'
}

/** The facts of an invoice from all its lines. */
export function readInvoiceFacts(invoice_no: string, lines: readonly RawLine[]): InvoiceFacts {
  const facts: InvoiceFacts = { kind: classifyInvoice(invoice_no), has_customer: false, has_goods: false, has_service: false, has_paid_line: false }
  for (const line of lines) {
    const code = classifyCode(line.stock_code)
    const isPaid = line.quantity > 0 && line.unit_price_micros > 0n
    facts.has_customer ||= line.customer_id !== null
    facts.has_goods ||= code === 'goods' && isPaid
    facts.has_service ||= (code === 'service' || code === 'bank_charge') && isPaid
    facts.has_paid_line ||= isPaid
  }
  return facts
}

/** What becomes of one line. The README's table has the reasoning. */
export function classifyLine(line: RawLine, facts: InvoiceFacts): Classification {
  const code = classifyCode(line.stock_code)
  if (code === 'test') return { refuse: 'test_line' }
  if (code === 'bad_debt' || facts.kind === 'adjustment') return { refuse: 'bad_debt_adjustment' }
  if (line.quantity === 0) return { refuse: 'zero_quantity' }
  if (line.unit_price_micros < 0n) return { refuse: 'negative_price' }
  if (code === 'marketplace_fee' || code === 'commission') return { refuse: code }
  return facts.kind === 'credit' ? classifyCreditLine(line, code, facts) : classifySaleLine(line, code, facts)
}

function classifySaleLine(line: RawLine, code: CodeKind, facts: InvoiceFacts): Classification {
  const isFree = line.unit_price_micros === 0n
  if (line.quantity < 0) return { refuse: isFree ? 'stock_removed' : 'negative_quantity_on_sale' }
  if (code === 'goods') {
    // A free article belongs to an order if somebody ordered: alone and without a customer it corrects the stock.
    return isFree && !facts.has_customer && !facts.has_paid_line ? { refuse: 'stock_found' } : { import_as: 'goods' }
  }
  if (isFree) return { refuse: 'no_goods_no_money' }
  // Nobody can owe this money: such entries undo or move amounts between accounts.
  if (!facts.has_customer && !facts.has_goods) return { refuse: 'ledger_correction' }
  // Postage alone is charged as a service: an order needs a line.
  return { import_as: code === 'shipping' && (facts.has_goods || facts.has_service) ? 'shipping' : 'service' }
}

function classifyCreditLine(line: RawLine, code: CodeKind, facts: InvoiceFacts): Classification {
  if (line.quantity > 0) return { refuse: 'positive_quantity_on_credit' }
  if (code === 'goods') return facts.has_customer ? { import_as: 'goods_return' } : { refuse: 'return_without_customer' }
  if (line.unit_price_micros === 0n) return { refuse: 'no_goods_no_money' }
  if (facts.has_customer) return { import_as: 'refund' }
  if (code === 'bank_charge' || code === 'samples') return { refuse: code }
  return { refuse: code === 'shipping' ? 'return_without_customer' : 'ledger_correction' }
}
