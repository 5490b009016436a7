import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countryCode } from './countries.ts'
import { groupInvoices, type Invoice, refuseOrder, refuseReturn, splitInvoice, spreadAmount } from './invoices.ts'
import { readLines, type RawLine } from './lines.ts'
import type { RefusedLine } from './reasons.ts'

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'

async function* streamOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

async function group(rows: readonly string[]): Promise<(Invoice | RefusedLine)[]> {
  const out: (Invoice | RefusedLine)[] = []
  for await (const one of groupInvoices(readLines(streamOf([HEADER, ...rows].join('\n'))))) out.push(one)
  return out
}

const rowOf = (invoice_no: string, rest = 'A1,x,1,2010-12-01 08:26,1,17850,UK'): string => `${invoice_no},${rest}`
const numbersOf = (out: readonly (Invoice | RefusedLine)[]): string[] => out.map((one) => ('reason' in one ? `${one.reason} ${one.line_number}` : `${one.invoice_no}×${one.lines.length}`))
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(1000 + index))

describe('grouping', () => {
  test('lines of interleaved invoices come together, in the order of their first lines', async () => {
    expect(numbersOf(await group(['1', '2', '1', 'C2', '2', '3', '2'].map((number) => rowOf(number))))).toEqual(['1×2', '2×3', 'C2×1', '3×1'])
  })

  test('a number that comes back late is refused, whatever its form', async () => {
    for (const late of ['7', 'C7', 'INV-7']) {
      const out = numbersOf(await group([late, ...numbers(70), late, late].map((number) => rowOf(number))))
      expect(out).toHaveLength(73)
      expect(out.filter((text) => text.startsWith('invoice_'))).toEqual(['invoice_reappeared 73', 'invoice_reappeared 74'])
      expect(out).toContain(`${late}×1`)
    }
  })

  test('an invoice that keeps coming back does not hold the others back for ever', async () => {
    let most = 0
    let begun = 0
    async function* lines(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(`${HEADER}\n`)
      for (const number of numbers(2000)) {
        begun += 1
        yield Buffer.from(`${rowOf('7')}\n${rowOf(number)}\n`)
      }
    }
    let complete = 0
    for await (const out of groupInvoices(readLines(lines()))) {
      if (!('reason' in out)) complete += 1
      most = Math.max(most, begun - complete)
    }
    expect(most).toBeLessThan(300)
  })

  test('an endless invoice is cut', async () => {
    const out = numbersOf(await group(Array.from({ length: 10_002 }, () => rowOf('1'))))
    expect(out).toEqual(['invoice_too_long 10002', 'invoice_too_long 10003', '1×10000'])
  })
})

async function splitOf(...rows: string[]): Promise<ReturnType<typeof splitInvoice>> {
  const [invoice] = await group(rows)
  return splitInvoice(invoice as Invoice)
}

describe('splitting', () => {
  test('a sale becomes an order with its shipping charge', async () => {
    const { order, credit, refused } = await splitOf('536365,85123a,HEART,6,2010-12-01 08:26,2.55,17850,EIRE', '536365,POST,POSTAGE,3,2010-12-01 08:27,18,17850,EIRE', '536365,22423,x,-1,2010-12-01 08:26,0,17850,EIRE')
    expect(credit).toBeNull()
    expect(refused).toEqual([{ line_number: 4, reason: 'stock_removed', quantity: -1, amount: 0n }])
    expect(order).toEqual({
      external_id: '536365', placed_at: new Date('2010-12-01T08:26:00Z'), customer_ref: '17850', country: 'EIRE', country_code: 'IE',
      lines: [{ line_number: 2, position: 1, sku: '85123A', description: 'HEART', kind: 'goods', quantity: 6, unit_price: 255n, discount: 0n, amount: 1530n }],
      shipping: [{ line_number: 3, position: 2, sku: 'POST', quantity: 3, amount: 5400n }], shipping_amount: 5400n,
    })
    expect(refuseOrder(order!)).toEqual([
      { line_number: 2, reason: 'refused_by_capture', quantity: 6, amount: 1530n }, { line_number: 3, reason: 'refused_by_capture', quantity: 3, amount: 5400n },
    ])
  })

  test('the same article twice stays two lines', async () => {
    const { order } = await splitOf(rowOf('1'), rowOf('1'))
    expect(order?.lines.map(({ position, sku }) => [position, sku])).toEqual([[1, 'A1'], [2, 'A1']])
  })

  test('a credit note becomes a return', async () => {
    const { order, credit } = await splitOf('C536379,D,Discount,-1,2010-12-01 09:41,27.5,14527,UK', 'C536379,22423,x,-3,2010-12-01 09:41,0.125,14527,UK', 'C536379,POST,x,-1,2010-12-01 09:41,5,14527,UK')
    expect(order).toBeNull()
    expect(credit).toMatchObject({ external_id: 'C536379', customer_ref: '14527', lines: [
      { position: 1, sku: 'D', kind: 'refund', is_shipping: false, quantity: 1, amount: 2750n },
      { position: 2, kind: 'goods_return', quantity: 3, unit_price: 13n, amount: 38n },
      { kind: 'refund', is_shipping: true, amount: 500n },
    ] })
    expect(refuseReturn(credit!.lines)[1]).toEqual({ line_number: 3, reason: 'refused_by_capture', quantity: -3, amount: -38n })
  })

  test('the first customer named is the invoice\'s', async () => {
    const { order, refused } = await splitOf(rowOf('1', 'POST,x,1,2010-12-01,5,,UK'), rowOf('1', 'A1,x,1,2010-12-01,1,,UK'), rowOf('1', 'A2,x,1,2010-12-01,1,17850,UK'), rowOf('1', 'A3,x,1,2010-12-01,1,99,UK'))
    expect(order).toMatchObject({ customer_ref: '17850', shipping_amount: 500n, lines: [{ sku: 'A1' }, { sku: 'A2' }] })
    expect(refused).toMatchObject([{ line_number: 5, reason: 'conflicting_customer' }])
  })

  test('postage does not lean on a line that is refused', async () => {
    const { order } = await splitOf(rowOf('1', 'POST,x,1,2010-12-01,5,17850,UK'), rowOf('1', 'A3,x,1,2010-12-01,1,99,UK'))
    expect(order).toMatchObject({ shipping_amount: 0n, lines: [{ sku: 'POST', kind: 'service', amount: 500n }] })
  })

  const code = fc.constantFrom('A1', 'POST', 'M', 'S', 'B', 'BANK CHARGES', 'AMAZONFEE', 'TEST1')
  const rawLine = fc.record({ stock_code: code, quantity: fc.integer({ min: -3, max: 3 }), price: fc.constantFrom(0n, 1_000n, 125_000n, 2_550_000n, -1_000_000n), customer_id: fc.constantFrom(null, '1', '2') })

  test('every line of any invoice is imported or refused, with its units and money', () => {
    fc.assert(fc.property(fc.constantFrom('1', 'C1', 'A1'), fc.array(rawLine, { minLength: 1, maxLength: 8 }), (invoice_no, raw) => {
      const lines = raw.map(({ stock_code, quantity, price, customer_id }, index): RawLine => ({
        line_number: index, invoice_no, stock_code, description: '', quantity, invoice_date: new Date(0), unit_price_micros: price,
        amount_micros: BigInt(quantity) * price, amount: BigInt(quantity) * price / 10_000n, customer_id, country: '',
      }))
      const { order, credit, refused } = splitInvoice({ invoice_no, kind: invoice_no === '1' ? 'sale' : invoice_no === 'C1' ? 'credit' : 'adjustment', lines })
      const parts = [
        ...(order?.lines ?? []), ...(order?.shipping ?? []), ...refused,
        ...(credit?.lines ?? []).map((line) => ({ ...line, quantity: -line.quantity, amount: -line.amount })),
      ].toSorted((a, b) => a.line_number - b.line_number)
      expect(parts.map(({ line_number, quantity, amount }) => ({ line_number, quantity, amount }))).toEqual(lines.map(({ line_number, quantity, amount }) => ({ line_number, quantity, amount })))
      for (const line of order?.lines ?? []) expect(line.unit_price * BigInt(line.quantity) - line.discount).toBe(line.amount)
    }))
  })
})

test('an amount over units is exact, and discounted only where it must be', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 9n }), fc.integer({ min: 1, max: 100_000 }), (amount, quantity) => {
    const { unit_price, discount } = spreadAmount(amount, quantity)
    expect(unit_price * BigInt(quantity) - discount).toBe(amount)
    expect(discount >= 0n && discount < BigInt(quantity)).toBe(true)
  }))
  expect(spreadAmount(1530n, 6)).toEqual({ unit_price: 255n, discount: 0n })
})

test('countries', () => {
  expect(['United Kingdom', 'EIRE', 'RSA', 'USA', 'Germany', 'Czech Republic', 'Channel Islands', 'Unspecified', 'European Community', 'constructor', ''].map(countryCode))
    .toEqual(['GB', 'IE', 'ZA', 'US', 'DE', 'CZ', null, null, null, null, null])
})
