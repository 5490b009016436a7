import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { groupByKey, sumByKey } from '../../../kernel/quantity.ts'
import { invalid, refuse, type FieldError, type Refusal } from '../../../kernel/problem.ts'
import { inScope } from '../../../platform/caller.ts'
import { batchCommand, type BatchContext, type BatchItem, type Outcome } from '../../../platform/command.ts'
import { inputHash } from '../../../platform/idempotency.ts'
import { externalIds, importBook, type ImportBook, type ImportReturn } from '../import-book.ts'
import { insertReturnLines, insertReturns, type NewReturn, type ReturnLineRow } from '../returns.db.ts'
import { storeWork } from '../store-work.ts'
import { gradeUnits, openWork, receiveUnits, returnEvent, showGrades, showLines, type ReturnWork } from '../work.ts'
import { externalIdConflict, newLine } from './request-return.ts'

type ImportedReturn = { return_ids: string[]; created: boolean }

/** Room for the suffix that tells apart the returns of one credit note. */
const MAX_EXTERNAL_ID = 120

/**
 * Records returns that have happened: requested, received, graded, paid back and closed at once, at the time of the item
 * (`at`), with the amounts of the file. One return for each order; the first carries the external id, the others have
 * `/2`, `/3` … behind it, so that the same credit note finds them again. Give no idempotency key: the external id is one.
 * Refuses single items with `invalid_input`, `return_not_allowed`, `refund_exceeds_return` or `external_id_conflict`.
 */
export const importReturns = batchCommand('returns.import', 'returns:receive', async (context: BatchContext, items: readonly BatchItem<ImportReturn>[]): Promise<Outcome<ImportedReturn>[]> => {
  const book = await importBook(context.tx, items.map(({ input }) => input))
  const known = new Map([...book.existing].map(([key, { id, content_hash }]) => [key, { id, content_hash }]))
  const drafts: Draft[] = []
  const outcomes = items.map((item): Outcome<ImportedReturn> => {
    const { input } = item
    const refusal = checkPlaces(book, item)
    if (refusal !== undefined) return { ok: false, refusal }
    const content_hash = hashOf(input)
    const keys = externalIds(input).map((external_id) => `${book.channels.get(input.channel)!.id} ${external_id}`)
    const before = keys.flatMap((key) => known.get(key) ?? [])
    if (before.length > 0) {
      const same = before.length === keys.length && before.every((row) => row.content_hash === content_hash)
      return same ? { ok: true, output: { return_ids: before.map(({ id }) => id), created: false }, subject_id: before[0]!.id } : { ok: false, refusal: externalIdConflict(input.external_id) }
    }
    const short = checkUnits(book, input) ?? checkMoney(book, input)
    if (short !== undefined) return { ok: false, refusal: short }
    const made = draftsOf(book, item, content_hash)
    drafts.push(...made)
    made.forEach(({ row }, position) => known.set(keys[position]!, row))
    return { ok: true, output: { return_ids: made.map(({ row }) => row.id), created: true }, subject_id: made[0]!.row.id }
  })
  await store(context, book, drafts)
  return outcomes
}, 500)

type Draft = { item: BatchItem<ImportReturn>; row: NewReturn; lines: ReturnLineRow[]; parts: Parts }
type Parts = { lines: ImportReturn['lines']; money: ImportReturn['money'] }

/** The lines and the money of one credit note by order, in the order in which it names them. */
function partsByOrder({ lines, money }: ImportReturn): Map<string, Parts> {
  const linesOf = groupByKey(lines, ({ order_id }) => order_id)
  const moneyOf = groupByKey(money, ({ order_id }) => order_id)
  return new Map([...new Set([...linesOf.keys(), ...moneyOf.keys()])].map((order_id) => [order_id, { lines: linesOf.get(order_id) ?? [], money: moneyOf.get(order_id) ?? [] }]))
}

function hashOf({ lines, money, ...input }: ImportReturn): string {
  return inputHash({
    ...input,
    lines: lines.map((line) => ({ ...line, refund_amount: line.refund_amount.toString() })),
    money: money.map((part) => ({ ...part, refund_amount: part.refund_amount.toString(), shipping_amount: part.shipping_amount.toString() })),
  })
}

/** What the item names must be there, and within the caller's channels and locations. */
function checkPlaces(book: ImportBook, { input, caller }: BatchItem<ImportReturn>): Refusal | undefined {
  const errors: FieldError[] = []
  const channel = book.channels.get(input.channel)
  const location = book.locations.get(input.location)
  if (channel === undefined || !inScope(caller, { channel_id: channel.id })) errors.push({ pointer: '/channel', code: 'unknown_channel', detail: `There is no channel "${input.channel}".` })
  if (location === undefined || !inScope(caller, { location_id: location.id })) errors.push({ pointer: '/location', code: 'unknown_location', detail: `There is no location ${input.location}.` })
  if (input.external_id.length === 0 || input.external_id.length > MAX_EXTERNAL_ID) errors.push({ pointer: '/external_id', code: 'wrong_length', detail: `An external id has 1 to ${MAX_EXTERNAL_ID} characters.` })
  if (input.lines.length + input.money.length === 0) errors.push({ pointer: '/lines', code: 'required', detail: 'A return has goods or money.' })
  for (const [order_id, { lines }] of partsByOrder(input)) {
    const order = book.orders.get(order_id)
    if (order === undefined || !inScope(caller, { channel_id: order.channel_id })) errors.push({ pointer: '/lines', code: 'unknown_order', detail: `There is no order ${ids.order.show(order_id)}.` })
    else if (lines.some(({ order_line_id }) => book.lines.get(order_line_id)?.order_id !== order_id)) errors.push({ pointer: '/lines', code: 'unknown_line', detail: `Order ${order.number} has no such line.` })
  }
  return errors.length === 0 ? undefined : invalid(errors)
}

function checkUnits({ lines, units_left }: ImportBook, input: ImportReturn): Refusal | undefined {
  const wanted = sumByKey(input.lines, ({ order_line_id }) => order_line_id, ({ quantity }) => quantity)
  const short = [...wanted].filter(([id, quantity]) => quantity > units_left.get(id)!)
  if (short.length === 0) return undefined
  return refuse('return_not_allowed', 'Fewer units can come back than the return says.', {
    lines: short.map(([id, requested]) => ({ line_id: ids.line.show(id), sku: lines.get(id)!.sku, requested, returnable: units_left.get(id)! })),
  })
}

/** Nothing beyond what lines cost, beyond what shipping cost, or beyond what the shop holds of an order. */
function checkMoney(book: ImportBook, input: ImportReturn): Refusal | undefined {
  const byLine = sumAmounts(input.lines, ({ order_line_id }) => order_line_id, ({ refund_amount }) => refund_amount)
  const byOrder = sumAmounts([...input.lines, ...input.money], ({ order_id }) => order_id, ({ refund_amount }) => refund_amount)
  const shipping = sumAmounts(input.money, ({ order_id }) => order_id, ({ shipping_amount }) => shipping_amount)
  const within = (sums: ReadonlyMap<string, bigint>, left: ReadonlyMap<string, bigint>): boolean => [...sums].every(([key, amount]) => amount <= (left.get(key) ?? 0n))
  const sane = input.lines.every(({ refund_amount }) => refund_amount >= 0n) && input.money.every(({ refund_amount, shipping_amount }) => shipping_amount >= 0n && shipping_amount <= refund_amount)
  if (sane && within(byLine, book.line_money_left) && within(byOrder, book.held_left) && within(shipping, book.shipping_left)) return undefined
  return refuse('refund_exceeds_return', 'The return pays back more than was paid for its units, for shipping, or is held of its orders.')
}

function sumAmounts<T>(items: readonly T[], key: (item: T) => string, amount: (item: T) => bigint): Map<string, bigint> {
  const sums = new Map<string, bigint>()
  for (const item of items) sums.set(key(item), (sums.get(key(item)) ?? 0n) + amount(item))
  return sums
}

/** The returns of an accepted credit note; takes what they need out of the book, so that those after it see the rest. */
function draftsOf(book: ImportBook, item: BatchItem<ImportReturn>, content_hash: string): Draft[] {
  const { input, now } = item
  for (const { order_id, order_line_id, quantity, refund_amount } of input.lines) {
    book.units_left.set(order_line_id, book.units_left.get(order_line_id)! - quantity)
    book.line_money_left.set(order_line_id, book.line_money_left.get(order_line_id)! - refund_amount)
    book.held_left.set(order_id, book.held_left.get(order_id)! - refund_amount)
  }
  for (const { order_id, refund_amount, shipping_amount } of input.money) {
    book.held_left.set(order_id, book.held_left.get(order_id)! - refund_amount)
    book.shipping_left.set(order_id, book.shipping_left.get(order_id)! - shipping_amount)
  }
  const names = externalIds(input)
  return [...partsByOrder(input)].map(([order_id, parts], position) => {
    const sum = (of: (part: ImportReturn['money'][number]) => bigint): bigint => parts.money.reduce((total, part) => total + of(part), 0n)
    const row: NewReturn = {
      id: newId(now.getTime()), order_id, channel_id: book.channels.get(input.channel)!.id, location_id: book.locations.get(input.location)!.id, external_id: names[position]!, content_hash,
      status: 'approved', closed_at: null, note: input.note, outcome_note: '',
      refund_total: sum(({ refund_amount }) => refund_amount), shipping_refunded: sum(({ shipping_amount }) => shipping_amount), other_refunded: sum(({ refund_amount, shipping_amount }) => refund_amount - shipping_amount),
      refund_currency: book.orders.get(order_id)!.currency, requested_at: now, approved_at: now, received_at: null,
    }
    const quantities = sumByKey(parts.lines, ({ order_line_id }) => order_line_id, ({ quantity }) => quantity)
    return { item, row, parts, lines: [...quantities].map(([line_id, quantity]) => newLine(row.id, { line_id, quantity, reason: input.reason }, book.lines.get(line_id)!)) }
  })
}

async function store(context: BatchContext, book: ImportBook, drafts: readonly Draft[]): Promise<void> {
  if (drafts.length === 0) return
  const { tx } = context
  const numbers = await insertReturns(tx, drafts.map(({ row }) => row))
  // Only another process that imports the same credit note for other orders at this moment can have taken a name.
  if (numbers.size < drafts.length) throw refuse('busy', 'Another import was writing the same return. Try again.')
  const granted = new Map<string, bigint>()
  const works = drafts.map((draft) => workOf(draft, book, granted, numbers.get(draft.row.id)!))
  await insertReturnLines(tx, drafts.flatMap(({ lines }) => lines))
  const at = new Map(drafts.map(({ item, row }) => [row.id, item.now]))
  const { events, jobs } = await storeWork(tx, works, ({ row }) => at.get(row.id)!, true)
  drafts.forEach(({ item }, position) => { context.emit(item as BatchItem<never>, ...events[position]!) })
  context.enqueue(...jobs)
}

/** Everything that happened to one return, from its announcement to its refund. */
function workOf({ item: { input, now, caller }, row, lines, parts }: Draft, book: ImportBook, granted: Map<string, bigint>, number: string): ReturnWork {
  const amounts = sumAmounts(parts.lines, ({ order_line_id }) => order_line_id, ({ refund_amount }) => refund_amount)
  const work = openWork({ order: book.orders.get(row.order_id)!, order_lines: book.lines, granted, row: { ...row, number, version: 1, refund_wish: null }, lines })
  const received = work.lines.map(({ order_line_id, quantity, kind }) => ({ line_id: order_line_id, quantity, graded: kind === 'goods' ? [{ disposition: input.disposition, quantity }] : [] }))
  const by = { at: now, caller_id: caller.id }
  work.events.push(returnEvent(work.row, 'requested', { channel: input.channel, external_id: row.external_id, lines: work.lines.map(({ order_line_id, quantity, reason }) => ({ line_id: ids.line.show(order_line_id), quantity, reason })) }), returnEvent(work.row, 'approved'))
  if (received.length > 0) {
    receiveUnits(work, received, by, amounts)
    work.events.push(returnEvent(work.row, 'received', { location: input.location, lines: showLines(received) }))
  }
  const graded = received.filter((line) => line.graded.length > 0)
  if (graded.length > 0) {
    gradeUnits(work, graded, by)
    work.events.push(returnEvent(work.row, 'inspected', { lines: showGrades(graded) }))
  }
  const goods = [...amounts.values()].reduce((sum, amount) => sum + amount, 0n)
  // The money without goods stands in the new row already; the ledger is asked for both.
  const beside = work.row.refund_total
  work.given_back += beside
  work.row.refund_total = goods + beside
  for (const line of work.lines) line.refunded = amounts.get(line.order_line_id)!
  work.refund = goods + beside === 0n ? undefined : { goods, shipping: work.row.shipping_refunded, total: goods + beside }
  return work
}
