import { type Invoice, type ReturnInvoice, type SaleOrder, splitInvoice } from './invoices.ts'
import { planReceipts, type Receipt, type ReceiptPlan } from './receipts.ts'
import type { RefusedLine } from './reasons.ts'

/** What the importer does next, in the order of the properties. At most one of `order` and `credit` is there. */
export type Step = { receipts: Receipt[]; order: SaleOrder | null; credit: ReturnInvoice | null; refused: RefusedLine[]; lines_read: number; short_lines: number }

/** The whole import as steps in the order of the file. It depends on the file alone: every run yields the same steps. */
export async function* planSteps(invoices: AsyncIterable<Invoice | RefusedLine>, plan: ReceiptPlan): AsyncGenerator<Step> {
  for await (const next of invoices) {
    if ('reason' in next) yield { receipts: [], order: null, credit: null, refused: [next], lines_read: 1, short_lines: 0 }
    else yield planInvoice(next, plan)
  }
  yield { ...planReceipts(plan, { kind: 'end' }), order: null, credit: null, refused: [], lines_read: 0 }
}

function planInvoice(invoice: Invoice, plan: ReceiptPlan): Step {
  const { order, credit, refused } = splitInvoice(invoice)
  const goods = order?.lines.filter(({ kind }) => kind === 'goods') ?? []
  const returned = credit?.lines.filter(({ kind }) => kind === 'goods_return') ?? []
  const planned = order !== null && goods.length > 0 ? planReceipts(plan, { kind: 'order', at: order.placed_at, lines: goods })
    : credit !== null && returned.length > 0 ? planReceipts(plan, { kind: 'return', at: credit.at, skus: returned.map(({ sku }) => sku) })
    : { receipts: [], short_lines: 0 }
  return { ...planned, order, credit, refused, lines_read: invoice.lines.length }
}
