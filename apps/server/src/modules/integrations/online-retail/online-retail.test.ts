import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { present } from '../../../kernel/assert.ts'
import { groupInvoices, type ReturnInvoice, type SaleOrder } from './invoices.ts'
import { readLines } from './lines.ts'
import { matchReturn, type MatchedReturn, type PaidOrder, type Purchase } from './match-returns.ts'
import { REASONS } from './reasons.ts'
import { openReceiptPlan, type Receipt } from './receipts.ts'
import { countLines, type ImportReport, makeReport, openTally, reconcile, recordOrder, recordRefused, recordReturn } from './report.ts'
import { planSteps } from './steps.ts'

const ROOT = path.resolve(import.meta.dirname, '../../../../../..')
const DATASETS = process.env['SWITCHYARD_DATASETS_DIR'] ?? path.resolve(ROOT, '../shared/datasets')
const FILE = path.join(DATASETS, 'online-retail-2010-12_2011-08.csv.gz')

/** What the database knows of a customer, for a return to be matched with. */
type Account = { purchases: Map<string, Purchase[]>; orders: Map<string, PaidOrder> }

/** Stands in for the importer: keeps in memory what orders, payments and returns would keep. */
class Books {
  readonly #accounts = new Map<string, Account>()

  capture(order: SaleOrder): void {
    if (order.customer_ref === null) return
    const account = this.#accountOf(order.customer_ref)
    const { external_id: order_id, placed_at, shipping_amount } = order
    const paid = order.lines.reduce((sum, { amount }) => sum + amount, shipping_amount)
    account.orders.set(order_id, { order_id, placed_at, refundable_amount: paid, refundable_shipping_amount: shipping_amount })
    for (const { sku, position, unit_price, quantity, amount } of order.lines) {
      const bought: Purchase = { order_id, order_line_id: `${order_id}/${position}`, sku, unit_price, placed_at, quantity_returnable: quantity, refundable_amount: amount }
      account.purchases.set(sku, [...(account.purchases.get(sku) ?? []), bought])
    }
  }

  giveBack(credit: ReturnInvoice): MatchedReturn {
    const account = this.#accountOf(credit.customer_ref)
    const purchases = [...new Set(credit.lines.map(({ sku }) => sku))].flatMap((sku) => account.purchases.get(sku) ?? [])
    const matched = matchReturn(credit, purchases, [...account.orders.values()])
    for (const line of matched.lines) {
      for (const part of line.kind === 'units' ? line.units : line.money) {
        const order = present(account.orders.get(part.order_id), 'a match names an order')
        order.refundable_amount -= part.refund_amount
        if ('shipping_amount' in part) order.refundable_shipping_amount -= part.shipping_amount
        else {
          const bought = present(purchases.find(({ order_line_id }) => order_line_id === part.order_line_id), 'a match names a line')
          bought.quantity_returnable -= part.quantity
          bought.refundable_amount -= part.refund_amount
          expect(bought.quantity_returnable).toBeGreaterThanOrEqual(0)
          expect(bought.refundable_amount >= 0n).toBe(true)
        }
        expect(order.refundable_amount >= 0n).toBe(true)
      }
    }
    return matched
  }

  #accountOf(customer_ref: string): Account {
    let account = this.#accounts.get(customer_ref)
    if (account === undefined) this.#accounts.set(customer_ref, (account = { purchases: new Map(), orders: new Map() }))
    return account
  }
}

type Outcome = { report: ImportReport; differences: string[]; goods_lines: number; short_lines: number; receipts: Receipt[]; out_of_stock: number; skus: number }

async function importFile(): Promise<Outcome> {
  const tally = openTally()
  const plan = openReceiptPlan([{ code: 'main', weight: 5 }, { code: 'north', weight: 3 }, { code: 'south', weight: 2 }])
  const books = new Books()
  const receipts: Receipt[] = []
  let short_lines = 0
  for await (const step of planSteps(groupInvoices(countLines(tally, readLines(FILE))), plan)) {
    receipts.push(...step.receipts)
    short_lines += step.short_lines
    recordRefused(tally, step.refused)
    if (step.order !== null) {
      recordOrder(tally, step.order)
      books.capture(step.order)
    }
    if (step.credit !== null) {
      const matched = books.giveBack(step.credit)
      recordReturn(tally, matched.lines.map(({ line }) => line))
      recordRefused(tally, matched.refused)
    }
  }
  const positions = Object.values(plan.skus).map(({ position }) => position)
  return { report: makeReport(tally, 1000), differences: reconcile(tally), goods_lines: tally.imported.goods.lines, short_lines, receipts, out_of_stock: positions.filter((position) => position === 0).length, skus: positions.length }
}

/** The file summed up without any of the code under test: prices as numbers, lines split at commas from the right. */
function sumUp(): { lines: number; units: number; amount: number } {
  const rows = gunzipSync(readFileSync(FILE)).toString('utf8').split('\n').slice(1).filter((row) => row !== '')
  const sums = { lines: rows.length, units: 0, amount: 0 }
  for (const row of rows) {
    const [quantity, , price] = row.split(',').slice(-5)
    sums.units += Number(quantity)
    sums.amount += Number(quantity) * Number(price)
  }
  return sums
}

const isThere = existsSync(FILE)
describe.skipIf(!isThere)(isThere ? 'the published file' : `the published file (skipped: ${FILE} is not there)`, () => {
  let outcome: Outcome
  beforeAll(async () => {
    outcome = await importFile()
  })

  test('is accounted for to the line, the unit and the penny', async () => {
    const { report, differences } = outcome
    expect(differences).toEqual([])
    const file = sumUp()
    const refusedUnits = report.refusals.reduce((sum, { units }) => sum + units, 0)
    const refusedAmount = report.refusals.reduce((sum, { amount }) => sum + Number(amount), 0)
    expect(report.lines.read).toBe(file.lines)
    expect(report.lines.imported + report.lines.refused).toBe(file.lines)
    expect(report.units.sold - report.units.returned + refusedUnits).toBe(file.units)
    expect(Number(report.amount.sold) - Number(report.amount.refunded) + refusedAmount).toBeCloseTo(file.amount, 2)
    // The reader understood every line: nothing in this file is malformed.
    expect(report.refusals.filter(({ reason }) => /malformed|column|quote|invoice_/.test(reason))).toEqual([])
    expect(report.lines.refused / report.lines.read).toBeLessThan(0.02)
  })

  test('meets some stock-outs and leaves some SKUs out of stock', () => {
    const { goods_lines, short_lines, out_of_stock, skus } = outcome
    expect(short_lines / goods_lines).toBeGreaterThan(0.03)
    expect(short_lines / goods_lines).toBeLessThan(0.08)
    expect(out_of_stock).toBeGreaterThan(0)
    expect(out_of_stock / skus).toBeLessThan(0.1)
  })

  test('comes out the same every time', async () => {
    expect(await importFile()).toEqual(outcome)
  })
})

test('the README explains every reason', () => {
  const readme = readFileSync(path.join(import.meta.dirname, 'README.md'), 'utf8')
  expect(Object.keys(REASONS).filter((reason) => !readme.includes(`\`${reason}\``))).toEqual([])
})
