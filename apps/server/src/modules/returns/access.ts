import { ids } from '../../kernel/id-kinds.ts'
import { invalid, refuse, type Refusal } from '../../kernel/problem.ts'
import { inScope, may, type Caller } from '../../platform/caller.ts'
import type { Context } from '../../platform/command.ts'
import type { Queryable, Tx } from '../../platform/db.ts'
import { findOrder, findOrderOfPath, linesOfOrders, lockOrders, requireOrder, type OrderRow } from '../orders/index.ts'
import { returnMachine, type ReturnAction } from './return.ts'
import { claimsOfOrders, findReturn, findReturnByNumber, linesOfReturns, type ReturnRow } from './returns.db.ts'
import { storeWork } from './store-work.ts'
import { openWork, type ReturnWork } from './work.ts'

/**
 * A return is seen by the channel that sold the order and by the one through which it comes back. Those confined to
 * locations see the returns of theirs, and those that nobody has named a location for.
 */
export function isVisible(caller: Caller, order: Pick<OrderRow, 'channel_id'>, row: Pick<ReturnRow, 'channel_id' | 'location_id'>): boolean {
  const byChannel = [order, row].some(({ channel_id }) => inScope(caller, { channel_id }))
  return byChannel && inScope(caller, row.location_id === null ? {} : { location_id: row.location_id })
}

/**
 * The order of a path whose goods come back. Any channel takes back what any channel sold, so whoever takes returns finds
 * every order by its exact number or id, for this and nothing else; others those that exist for them.
 */
export async function requireOrderOfReturn(db: Queryable, caller: Caller, idOrNumber: string): Promise<OrderRow> {
  return may(caller, 'returns:create') ? findOrderOfPath(db, idOrNumber) : requireOrder(db, caller, idOrNumber)
}

function noSuchReturn(): Refusal {
  return refuse('not_found', 'There is no such return.')
}

/** The return of a path, by id or number, if it exists for this caller. */
export async function requireReturn(db: Queryable, caller: Caller, idOrNumber: string): Promise<ReturnRow> {
  const id = ids.return.parse(idOrNumber)
  const row = id === undefined ? await findReturnByNumber(db, idOrNumber) : await findReturn(db, id)
  const order = row === undefined ? undefined : await findOrder(db, row.order_id)
  if (row === undefined || order === undefined || !isVisible(caller, order, row)) throw noSuchReturn()
  return row
}

/** Locks the order of the return, which guards all its returns, and opens the return for work. */
export async function lockWork(tx: Tx, caller: Caller, returnId: string): Promise<ReturnWork> {
  const found = await findReturn(tx, returnId)
  if (found === undefined) throw noSuchReturn()
  const [order] = await lockOrders(tx, [found.order_id])
  // Read again under the lock: what was found may have changed while we waited.
  const row = await findReturn(tx, returnId)
  if (order === undefined || row === undefined || !isVisible(caller, order, row)) throw noSuchReturn()
  const lines = await linesOfReturns(tx, [row.id])
  const orderLines = await linesOfOrders(tx, [order.id])
  const claims = await claimsOfOrders(tx, [order.id])
  return openWork({
    order, row, lines,
    order_lines: new Map(orderLines.map((line) => [line.id, line])),
    granted: new Map([...claims.values()].map(({ order_line_id, granted }) => [order_line_id, granted])),
  })
}

/** Stores one return and tells of it, with the change of its state in the audit. */
export async function finishWork(context: Context, work: ReturnWork, statusBefore: string, changes: Record<string, { before: unknown; after: unknown }> = {}): Promise<void> {
  const { events, jobs } = await storeWork(context.tx, [work], () => context.now)
  context.emit(...events[0]!)
  context.enqueue(...jobs)
  const status = work.row.status === statusBefore ? {} : { status: { before: statusBefore, after: work.row.status } }
  context.audit({ subject_id: work.row.id, changes: { ...status, ...changes } })
}

/** Moves the return on by hand, where its state allows it. */
export function act(row: ReturnRow, action: ReturnAction): void {
  if (!returnMachine.can(action, row.status)) throw wrongState(row, `The return is ${row.status.replaceAll('_', ' ')}.`)
  row.status = returnMachine.next(action, row.status)
}

export function wrongState(row: Pick<ReturnRow, 'status'>, detail: string): Refusal {
  return refuse('return_state', detail, { status: row.status })
}

/** Callers name the lines of a return by the lines of its order. */
export function unknownLines(lineIds: readonly string[]): Refusal {
  return invalid([{ pointer: '/lines', code: 'unknown_line', detail: `The return has no line ${lineIds.map((id) => ids.line.show(id)).join(', ')}. Its lines are named by the \`line_id\` of the order.` }])
}
