import { assert } from '../../kernel/assert.ts'
import { ids } from '../../kernel/id-kinds.ts'
import type { Tx } from '../../platform/db.ts'
import type { NewEvent } from '../../platform/events.ts'
import type { NewJob } from '../../platform/jobs.ts'
import { stockEvents, tryMovements } from '../inventory/index.ts'
import { addReturned, moveUnits } from '../orders/index.ts'
import { giveBack, refundsByCause, requestRefunds, type LedgerWork } from '../payments/index.ts'
import { sumRefunds } from './refund.ts'
import { nextStatus } from './return.ts'
import { updateReturns } from './returns.db.ts'
import { refundEvent, returnEvent, type ReturnWork } from './work.ts'

/** What is left to do for the caller: the events of each work, in order, and the jobs to enqueue. */
type Stored = { events: NewEvent[][]; jobs: NewJob[] }

const NOTHING: LedgerWork = { jobs: [], events: [] }

/**
 * Writes what was worked on: the units and the worth of the orders, stock, refunds, authorizations that are needed no more,
 * and the returns with the states that follow. A fixed number of statements, whatever the number of returns. `immediate`:
 * refunds have happened already, which is so for imports.
 */
export async function storeWork(tx: Tx, works: readonly ReturnWork[], at: (work: ReturnWork) => Date, immediate = false): Promise<Stored> {
  const moved = await moveUnits(tx, works.flatMap(({ moves }) => moves), at(works[0]!))
  await addReturned(tx, works.flatMap(({ order, given_back }) => (given_back === 0n ? [] : [{ order_id: order.id, amount: given_back }])))
  const applied = await tryMovements(tx, works.map(({ movements }) => ({ movements })))
  assert(applied.shortages.every((shortage) => shortage === undefined), 'units that are graded stand in quality control')
  const stock = await stockEvents(tx, applied)
  const refunds = works.filter(({ refund }) => refund !== undefined && refund.total > 0n)
  const paid = await payBack(tx, refunds, at, immediate)
  const released = immediate ? NOTHING : await giveBack(tx, works.filter(({ moves }) => moves.length > 0).map(({ order }) => order.id), { at: at(works[0]!), reason: 'returned' })
  const pending = immediate ? new Map<string, boolean>() : await unsettled(tx, works)
  const events = works.map((work, index) => {
    const finished = finish(work, at(work), pending.get(work.row.id) ?? false)
    return [...work.events, ...stock.filter(({ group }) => group === index).map(({ event }) => event), ...(work.refund === undefined ? [] : [refundEvent(work)]), ...(paid.events.get(work.row.id) ?? []), ...released.events.filter(({ order_id }) => order_id === work.order.id), ...finished]
  })
  for (const { id, status } of moved) {
    const index = works.findLastIndex(({ order }) => order.id === id)
    // An order whose last unit under way comes back is complete.
    if (status === 'completed' && works[index]!.order.status !== 'completed') events[index]!.push({ type: 'order.completed', order_id: id, data: { order_id: ids.order.show(id) } })
  }
  await updateReturns(tx, works.map(({ row }) => row), works.flatMap(({ lines }) => lines))
  return { events, jobs: [...paid.jobs, ...released.jobs] }
}

/** Brings the state in line with units and money, and answers the events that this is. Money without goods is closed when it is paid. */
function finish(work: ReturnWork, at: Date, refundPending: boolean): NewEvent[] {
  const { row, lines } = work
  const before = row.status
  row.status = lines.length === 0 ? 'closed' : nextStatus(row.status, lines, !refundPending && row.refund_wish === null)
  if (row.status === before) return []
  if (row.status === 'resolved') return [returnEvent(row, 'resolved')]
  if (row.status !== 'closed') return []
  row.closed_at = at
  return [returnEvent(row, 'closed')]
}

async function payBack(tx: Tx, works: readonly ReturnWork[], at: (work: ReturnWork) => Date, immediate: boolean): Promise<{ events: Map<string, NewEvent[]>; jobs: NewJob[] }> {
  const events = new Map<string, NewEvent[]>()
  if (works.length === 0) return { events, jobs: [] }
  const paid = await requestRefunds(tx, works.map((work) => ({ order_id: work.order.id, amount: work.refund!.total, reason: `return ${work.row.number}`, cause_id: work.row.id, at: at(work), ...(immediate ? { immediate } : {}) })))
  assert(paid.refunded.every((amount, index) => amount === works[index]!.refund!.total), 'a decided refund has been found in the ledger')
  paid.entries.forEach(({ cause_id }, index) => { events.set(cause_id!, [...(events.get(cause_id!) ?? []), paid.events[index]!]) })
  return { events, jobs: paid.jobs }
}

/** The returns some of whose refunds have not arrived. */
async function unsettled(tx: Tx, works: readonly ReturnWork[]): Promise<Map<string, boolean>> {
  const refunds = await refundsByCause(tx, works.map(({ row }) => row.id))
  return new Map([...refunds].map(([id, entries]) => {
    const { pending, failed } = sumRefunds(entries)
    return [id, pending + failed > 0n]
  }))
}
