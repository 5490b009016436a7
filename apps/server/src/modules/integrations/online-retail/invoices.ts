import { assert, present } from '../../../kernel/assert.ts'
import { type InvoiceKind, classifyCode, classifyInvoice, classifyLine, readInvoiceFacts } from './classify.ts'
import { countryCode } from './countries.ts'
import type { RawLine, ReadLine } from './lines.ts'
import type { Reason, RefusedLine } from './reasons.ts'

export type Invoice = { invoice_no: string; kind: InvoiceKind; lines: RawLine[] }

/** One line of an order as it is captured: `amount = quantity × unit_price − discount`, in minor units. */
export type SaleLine = {
  line_number: number
  /** Place among the lines of the invoice, from 1: the line's identity within the order. */
  position: number
  sku: string
  description: string
  /** A `service` is a product without stock. */
  kind: 'goods' | 'service'
  quantity: number
  unit_price: bigint
  /** Not zero only where the exact price is finer than a minor unit. */
  discount: bigint
  amount: bigint
}

export type ShippingCharge = { line_number: number; position: number; sku: string; quantity: number; amount: bigint }

export type SaleOrder = {
  external_id: string
  placed_at: Date
  /** Null is a guest. */
  customer_ref: string | null
  country: string
  /** ISO 3166-1, or null where the file's words name no one country. */
  country_code: string | null
  lines: SaleLine[]
  shipping: ShippingCharge[]
  shipping_amount: bigint
}

/** One line of a credit note; `quantity` and `amount` are positive here. */
export type ReturnLine = {
  line_number: number
  position: number
  sku: string
  kind: 'goods_return' | 'refund'
  /** Whether a refund gives back a shipping charge. */
  is_shipping: boolean
  quantity: number
  unit_price: bigint
  amount: bigint
}

export type ReturnInvoice = { external_id: string; at: Date; customer_ref: string; lines: ReturnLine[] }

/** What one invoice comes to; at most one of `order` and `credit` is there. */
export type SplitInvoice = { order: SaleOrder | null; credit: ReturnInvoice | null; refused: RefusedLine[] }

/** An invoice is complete when this many others have begun after its last line; in the published file one is enough. */
const WINDOW_INVOICES = 64
/** An invoice that keeps coming back must not keep everything behind it waiting. */
const OPEN_LIMIT = 4 * WINDOW_INVOICES
/** The longest published invoice has 1,114 lines. */
const LINES_LIMIT = 10_000

type OpenInvoice = { lines: RawLine[]; last_begun: number }

/**
 * Groups lines into invoices, in the order of their first lines. It holds at most 256 invoices and one bit for each
 * number seen before: a number that comes back later than that is refused, since its order is already captured.
 */
export async function* groupInvoices(lines: AsyncIterable<ReadLine>): AsyncGenerator<Invoice | RefusedLine> {
  const open = new Map<string, OpenInvoice>()
  const closed = new NumberSet()
  let begun = 0
  for await (const read of lines) {
    if (read.kind === 'refused') {
      yield read.line
      continue
    }
    const { line } = read
    const invoice = open.get(line.invoice_no)
    if (invoice !== undefined) {
      invoice.last_begun = begun
      if (invoice.lines.length < LINES_LIMIT) invoice.lines.push(line)
      else yield refuseRaw(line, 'invoice_too_long')
      continue
    }
    if (closed.has(line.invoice_no)) {
      yield refuseRaw(line, 'invoice_reappeared')
      continue
    }
    begun += 1
    open.set(line.invoice_no, { lines: [line], last_begun: begun })
    // The oldest may still be open while younger ones are complete; they wait, so that a return follows its purchase.
    for (const [invoice_no, { lines: complete, last_begun }] of open) {
      if (begun - last_begun < WINDOW_INVOICES && open.size <= OPEN_LIMIT) break
      open.delete(invoice_no)
      closed.add(invoice_no)
      yield { invoice_no, kind: classifyInvoice(invoice_no), lines: complete }
    }
  }
  for (const [invoice_no, { lines: complete }] of open) yield { invoice_no, kind: classifyInvoice(invoice_no), lines: complete }
}

/** Invoice numbers run on, so that a bit for each costs next to nothing: 2,048 neighbors share 256 bytes. */
class NumberSet {
  readonly #blocks = new Map<string, Uint8Array>()
  readonly #others = new Set<string>()

  add(invoice_no: string): void {
    const place = placeOf(invoice_no)
    if (place === undefined) {
      this.#others.add(invoice_no)
      return
    }
    let block = this.#blocks.get(place.block)
    if (block === undefined) this.#blocks.set(place.block, (block = new Uint8Array(256)))
    block[place.bit >> 3]! |= 1 << (place.bit & 7)
  }

  has(invoice_no: string): boolean {
    const place = placeOf(invoice_no)
    if (place === undefined) return this.#others.has(invoice_no)
    return ((this.#blocks.get(place.block)?.[place.bit >> 3] ?? 0) & (1 << (place.bit & 7))) !== 0
  }
}

function placeOf(invoice_no: string): { block: string; bit: number } | undefined {
  const match = /^([A-Z]?)([1-9]\d{0,14})$/.exec(invoice_no)
  if (match === null) return undefined
  const number = Number(match[2])
  return { block: `${match[1]}${Math.floor(number / 2048)}`, bit: number % 2048 }
}

function refuseRaw({ line_number, quantity, amount }: RawLine, reason: Reason): RefusedLine {
  return { line_number, reason, quantity, amount }
}

/**
 * The unit price and discount in minor units by which `quantity × unit_price − discount` is exactly the amount. The
 * discount is zero unless the file's price is finer than a minor unit.
 */
export function spreadAmount(amount: bigint, quantity: number): { unit_price: bigint; discount: bigint } {
  assert(quantity > 0 && amount >= 0n, 'an amount is spread over units')
  const units = BigInt(quantity)
  const unit_price = (amount + units - 1n) / units
  return { unit_price, discount: unit_price * units - amount }
}

/** Decides what an invoice becomes: an order, a return, refused lines, or some of each. */
export function splitInvoice(invoice: Invoice): SplitInvoice {
  const customer_ref = invoice.lines.find((line) => line.customer_id !== null)?.customer_id ?? null
  const agrees = (line: RawLine): boolean => line.customer_id === null || line.customer_id === customer_ref
  const facts = readInvoiceFacts(invoice.invoice_no, invoice.lines.filter(agrees))
  const refused: RefusedLine[] = []
  const sales: SaleLine[] = []
  const shipping: ShippingCharge[] = []
  const returns: ReturnLine[] = []
  invoice.lines.forEach((line, index) => {
    const position = index + 1
    if (!agrees(line)) {
      refused.push(refuseRaw(line, 'conflicting_customer'))
      return
    }
    const classified = classifyLine(line, facts)
    if ('refuse' in classified) {
      refused.push(refuseRaw(line, classified.refuse))
      return
    }
    const { line_number, stock_code: sku, description, quantity, amount } = line
    const kind = classified.import_as
    if (kind === 'shipping') shipping.push({ line_number, position, sku, quantity, amount })
    else if (kind === 'goods' || kind === 'service') sales.push({ line_number, position, sku, description, kind, quantity, ...spreadAmount(amount, quantity), amount })
    else returns.push(makeReturnLine(line, position, kind))
  })
  // The first line dates the invoice: a few are written over two minutes.
  const { invoice_date, country } = present(invoice.lines[0], 'an invoice has a line')
  const order = sales.length === 0 ? null : {
    external_id: invoice.invoice_no, placed_at: invoice_date, customer_ref, country, country_code: countryCode(country),
    lines: sales, shipping, shipping_amount: shipping.reduce((sum, charge) => sum + charge.amount, 0n),
  }
  assert(order !== null || shipping.length === 0, 'a shipping charge stands beside another line')
  const credit = returns.length === 0 ? null : {
    external_id: invoice.invoice_no, at: invoice_date, customer_ref: present(customer_ref, 'a return names its customer'), lines: returns,
  }
  return { order, credit, refused }
}

function makeReturnLine(line: RawLine, position: number, kind: ReturnLine['kind']): ReturnLine {
  const quantity = -line.quantity
  const amount = -line.amount
  return {
    line_number: line.line_number, position, sku: line.stock_code, kind, is_shipping: classifyCode(line.stock_code) === 'shipping',
    quantity, unit_price: spreadAmount(amount, quantity).unit_price, amount,
  }
}

/** The lines of an order that could not be captured, for the report. */
export function refuseOrder({ lines, shipping }: SaleOrder): RefusedLine[] {
  return [...lines, ...shipping].map(({ line_number, quantity, amount }) => ({ line_number, reason: 'refused_by_capture', quantity, amount }))
}

/** The lines of a credit note that could not be written, for the report. */
export function refuseReturn(lines: readonly ReturnLine[]): RefusedLine[] {
  return lines.map(({ line_number, quantity, amount }) => ({ line_number, reason: 'refused_by_capture', quantity: -quantity, amount: -amount }))
}
