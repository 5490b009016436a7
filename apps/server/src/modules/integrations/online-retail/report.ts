import { formatAmount } from '../../../kernel/money.ts'
import type { ReturnLine, SaleOrder } from './invoices.ts'
import { CURRENCY, MICROS_PER_MINOR, type ReadLine } from './lines.ts'
import { REASONS, type Reason, type RefusedLine } from './reasons.ts'

/** The object `--json` ends with. Amounts are decimal texts; those of refusals carry the signs of the file. */
export type ImportReport = {
  lines: { read: number; imported: number; refused: number }
  orders: number
  returns: number
  units: { sold: number; returned: number }
  amount: { sold: string; refunded: string }
  refusals: { reason: Reason; lines: number; units: number; amount: string }[]
  seconds: number
  linesPerSecond: number
}

type Sum = { lines: number; units: number; amount: bigint }

/** What an imported line became. */
type ImportedKind = 'goods' | 'service' | 'shipping' | 'goods_return' | 'refund'

/** The running sums of one import; they do not grow with the file. Amounts in minor units. */
export type Tally = {
  read: Sum
  /** What rounding each line to minor units took away, in millionths. */
  rounded_micros: bigint
  orders: number
  returns: number
  imported: Record<ImportedKind, Sum>
  refused: Map<Reason, Sum>
}

const zero = (): Sum => ({ lines: 0, units: 0, amount: 0n })

export function openTally(): Tally {
  return { read: zero(), rounded_micros: 0n, orders: 0, returns: 0, imported: { goods: zero(), service: zero(), shipping: zero(), goods_return: zero(), refund: zero() }, refused: new Map() }
}

function add(sum: Sum, { quantity, amount }: { quantity: number; amount: bigint }): void {
  sum.lines += 1
  sum.units += quantity
  sum.amount += amount
}

/** Passes the lines on and counts them as they come out of the file, whatever becomes of them later. */
export async function* countLines(tally: Tally, lines: AsyncIterable<ReadLine>): AsyncGenerator<ReadLine> {
  for await (const read of lines) {
    add(tally.read, read.line)
    if (read.kind === 'line') tally.rounded_micros += read.line.amount_micros - read.line.amount * MICROS_PER_MINOR
    yield read
  }
}

/** Counts an order that was captured, now or in an earlier run. */
export function recordOrder(tally: Tally, order: SaleOrder): void {
  tally.orders += 1
  for (const line of order.lines) add(tally.imported[line.kind], line)
  for (const charge of order.shipping) add(tally.imported.shipping, charge)
}

/** Counts the matched lines of a credit note that was imported, now or in an earlier run. */
export function recordReturn(tally: Tally, lines: readonly ReturnLine[]): void {
  if (lines.length > 0) tally.returns += 1
  for (const line of lines) add(tally.imported[line.kind], line)
}

export function recordRefused(tally: Tally, refused: readonly RefusedLine[]): void {
  for (const line of refused) {
    let sum = tally.refused.get(line.reason)
    if (sum === undefined) tally.refused.set(line.reason, (sum = zero()))
    add(sum, line)
  }
}

function addUp(sums: Iterable<Sum>): Sum {
  const total = zero()
  for (const { lines, units, amount } of sums) {
    total.lines += lines
    total.units += units
    total.amount += amount
  }
  return total
}

const soldOf = ({ imported }: Tally): Sum => addUp([imported.goods, imported.service, imported.shipping])
const returnedOf = ({ imported }: Tally): Sum => addUp([imported.goods_return, imported.refund])

/** Where the import does not account for the file: sentences, none if every line, unit and penny is accounted for. */
export function reconcile(tally: Tally): string[] {
  const { read } = tally
  const [sold, returned, refused] = [soldOf(tally), returnedOf(tally), addUp(tally.refused.values())]
  const show = (amount: bigint): string => formatAmount(amount, CURRENCY)
  const lines = sold.lines + returned.lines + refused.lines
  const units = sold.units - returned.units + refused.units
  const amount = sold.amount - returned.amount + refused.amount
  return [
    lines === read.lines ? [] : [`${read.lines} lines were read, but ${lines} imported or refused`],
    units === read.units ? [] : [`the file has ${read.units} units, but ${units} were sold, returned or refused`],
    amount === read.amount ? [] : [`the file comes to ${show(read.amount)}, but ${show(amount)} were sold, refunded or refused`],
  ].flat()
}

export function makeReport(tally: Tally, elapsedMs: number): ImportReport {
  const [sold, returned] = [soldOf(tally), returnedOf(tally)]
  const refusals = [...tally.refused].toSorted(([a, { lines: x }], [b, { lines: y }]) => y - x || (a < b ? -1 : 1))
  return {
    lines: { read: tally.read.lines, imported: sold.lines + returned.lines, refused: addUp(tally.refused.values()).lines },
    orders: tally.orders,
    returns: tally.returns,
    units: { sold: sold.units, returned: returned.units },
    amount: { sold: formatAmount(sold.amount, CURRENCY), refunded: formatAmount(returned.amount, CURRENCY) },
    refusals: refusals.map(([reason, { lines, units, amount }]) => ({ reason, lines, units, amount: formatAmount(amount, CURRENCY) })),
    seconds: Math.round(elapsedMs) / 1000,
    linesPerSecond: elapsedMs > 0 ? Math.round((tally.read.lines * 1000) / elapsedMs) : 0,
  }
}

const IMPORTED_AS: Readonly<Record<ImportedKind, string>> = {
  goods: 'goods sold', service: 'services sold', shipping: 'shipping charges', goods_return: 'goods returned', refund: 'refunds without goods',
}

/** The report as a table for people. */
export function formatReport(tally: Tally, elapsedMs: number): string {
  const report = makeReport(tally, elapsedMs)
  const row = (name: string, { lines, units, amount }: Sum, note = ''): string =>
    `  ${name.padEnd(26)}${String(lines).padStart(10)}${String(units).padStart(12)}${formatAmount(amount, CURRENCY).padStart(18)}${note && `  ${note}`}`
  const kinds = Object.entries(tally.imported) as [ImportedKind, Sum][]
  const differences = reconcile(tally)
  const rounded = (Number(tally.rounded_micros) / 1e6).toFixed(4)
  return [
    `${report.lines.read} lines in ${report.seconds} s (${report.linesPerSecond} lines/s): ${report.orders} orders, ${report.returns} returns`,
    `  ${''.padEnd(26)}${'lines'.padStart(10)}${'units'.padStart(12)}${CURRENCY.padStart(18)}`,
    ...kinds.map(([kind, sum]) => row(IMPORTED_AS[kind], sum)),
    ...report.refusals.map(({ reason }) => row(reason, tally.refused.get(reason) ?? zero(), REASONS[reason])),
    row('in the file', tally.read, tally.rounded_micros === 0n ? '' : `Lines rounded to pence, together by ${rounded}.`),
    ...(differences.length === 0 ? ['Every line, unit and penny of the file is accounted for.'] : differences.map((difference) => `DIFFERENCE: ${difference}.`)),
  ].join('\n')
}
