import { expect, test } from 'vitest'
import { groupInvoices } from './invoices.ts'
import { readLines } from './lines.ts'
import { openReceiptPlan } from './receipts.ts'
import { countLines, formatReport, makeReport, openTally, reconcile, recordOrder, recordRefused, recordReturn, type Tally } from './report.ts'
import { planSteps } from './steps.ts'

const FILE = `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,A1,x,6,2010-12-01 08:26,2.55,17850,UK
1,PADS,x,1,2010-12-01 08:26,0.001,17850,UK
1,POST,x,1,2010-12-01 08:26,18,17850,UK
2,A1,damaged,-4,2010-12-01 08:30,0,,UK
3,A1,x,1,soon,2,17850,UK
C4,A1,x,-2,2010-12-01 08:40,2.55,17850,UK
C4,B2,x,-1,2010-12-01 08:40,5,,UK
C5,M,x,-1,2010-12-01 08:40,7,,UK
`

async function* bytes(): AsyncGenerator<Uint8Array> {
  yield Buffer.from(FILE)
}

async function tallyFile(): Promise<Tally> {
  const tally = openTally()
  for await (const step of planSteps(groupInvoices(countLines(tally, readLines(bytes()))), openReceiptPlan([{ code: 'main', weight: 1 }]))) {
    if (step.order !== null) recordOrder(tally, step.order)
    if (step.credit !== null) recordReturn(tally, step.credit.lines.slice(0, 1))
    recordRefused(tally, step.refused)
    for (const { line_number, quantity, amount } of step.credit?.lines.slice(1) ?? []) recordRefused(tally, [{ line_number, reason: 'return_without_purchase', quantity: -quantity, amount: -amount }])
  }
  return tally
}

test('the report has the promised shape', async () => {
  const tally = await tallyFile()
  expect(makeReport(tally, 2000)).toEqual({
    lines: { read: 8, imported: 4, refused: 4 }, orders: 1, returns: 1, units: { sold: 8, returned: 2 }, amount: { sold: '33.30', refunded: '5.10' },
    refusals: [
      { reason: 'ledger_correction', lines: 1, units: -1, amount: '-7.00' }, { reason: 'malformed_date', lines: 1, units: 1, amount: '2.00' },
      { reason: 'return_without_purchase', lines: 1, units: -1, amount: '-5.00' }, { reason: 'stock_removed', lines: 1, units: -4, amount: '0.00' },
    ],
    seconds: 2, linesPerSecond: 4,
  })
  expect(reconcile(tally)).toEqual([])
  expect(formatReport(tally, 2000)).toMatch(/shipping charges +1 +1 +18\.00/)
  expect(formatReport(tally, 2000)).toContain('together by 0.0010')
})

test('a line, a unit or a penny lost is found', async () => {
  const lost = [
    (tally: Tally) => { tally.imported.goods.lines -= 1 }, (tally: Tally) => { tally.imported.goods_return.units += 1 }, (tally: Tally) => { tally.refused.get('ledger_correction')!.amount += 1n },
  ]
  for (const lose of lost) {
    const tally = await tallyFile()
    lose(tally)
    expect(reconcile(tally)).toHaveLength(1)
    expect(formatReport(tally, 1)).toContain('DIFFERENCE')
  }
})
