import type { Queryable, Tx } from '../../platform/db.ts'
import { arrayOf, rowsOf, sql } from '../../platform/sql.ts'
import type { RefundSums } from './excess.ts'
import type { Balances, EntryKind, EntryStatus, Payment, Tender } from './ledger.ts'

export type NewPaymentRow = Balances & {
  id: string; order_id: string; tender: Tender; gateway: string | null; token: string | null; currency: string; amount: bigint
  reference: string | null; created_at: Date
}

export type EntryRow = {
  id: string; payment_id: string; kind: EntryKind; amount: bigint; status: EntryStatus; reason: string; cause_id: string | null; retry_of: string | null
  gateway_reference: string | null; failure: string | null; created_at: Date; settled_at: Date | null
}
export type NewEntryRow = Omit<EntryRow, 'gateway_reference' | 'failure'>

/** An entry that a gateway has to be asked about. */
export type SettlementTask = Pick<EntryRow, 'id' | 'kind' | 'amount' | 'status'> & { gateway: string | null; token: string | null; payment_reference: string | null; currency: string }

export const PAYMENT_COLUMNS = sql.raw(['id', 'order_id', 'tender', 'gateway', 'currency', 'amount', 'authorized', 'captured', 'refunded', 'voided', 'authorizing', 'capturing', 'refunding', 'voiding',
  'unknown_entries', 'failed_entries', 'expired', 'abandoned', 'reference', 'authorization_expires_at', 'created_at', 'status', 'settlement'].map((column) => `p.${column}`).join(', '))
const ENTRY_COLUMNS = sql.raw('e.id, e.payment_id, e.kind, e.amount, e.status, e.reason, e.cause_id, e.retry_of, e.gateway_reference, e.failure, e.created_at, e.settled_at')

export function findPaymentsOfOrders(db: Queryable, orderIds: readonly string[]): Promise<Payment[]> {
  return db.rows(sql`select ${PAYMENT_COLUMNS} from payments p where p.order_id = any(${arrayOf(orderIds, 'uuid')}) order by p.order_id, p.created_at, p.id`)
}

export function findPayment(db: Queryable, id: string): Promise<Payment | undefined> {
  return db.maybe(sql`select ${PAYMENT_COLUMNS} from payments p where p.id = ${id}`)
}

/** Locks the payments of orders, in id order. The caller holds the orders. */
export function lockPaymentsOfOrders(tx: Tx, orderIds: readonly string[]): Promise<Payment[]> {
  return tx.rows(sql`select ${PAYMENT_COLUMNS} from payments p where p.order_id = any(${arrayOf(orderIds, 'uuid')}) order by p.id for update`)
}

export function lockPayment(tx: Tx, id: string): Promise<Payment> {
  return tx.one(sql`select ${PAYMENT_COLUMNS} from payments p where p.id = ${id} for update`)
}

export function findEntries(db: Queryable, paymentIds: readonly string[]): Promise<EntryRow[]> {
  return db.rows(sql`select ${ENTRY_COLUMNS} from payment_entries e where e.payment_id = any(${arrayOf(paymentIds, 'uuid')}) order by e.payment_id, e.created_at, e.id`)
}

export function findEntriesById(db: Queryable, entryIds: readonly string[]): Promise<EntryRow[]> {
  return db.rows(sql`select ${ENTRY_COLUMNS} from payment_entries e where e.id = any(${arrayOf(entryIds, 'uuid')}) order by e.id`)
}

export function findEntriesByCause(db: Queryable, causeIds: readonly string[]): Promise<EntryRow[]> {
  return db.rows(sql`select ${ENTRY_COLUMNS} from payment_entries e where e.cause_id = any(${arrayOf(causeIds, 'uuid')}) order by e.cause_id, e.created_at, e.id`)
}

/** What was asked back of orders, by why; each order has a sum, also one that nothing was asked back of. */
export async function findRefundSums(db: Queryable, orderIds: readonly string[]): Promise<Map<string, RefundSums>> {
  const sums = await db.rows<RefundSums>(sql`
    select o.order_id,
      coalesce(sum(e.amount) filter (where e.cause_id is null and e.status <> 'failed'), 0)::bigint as goodwill,
      coalesce(sum(e.amount) filter (where e.cause_id = o.order_id and e.retry_of is null), 0)::bigint as for_cancellation,
      coalesce(sum(e.amount) filter (where e.cause_id <> o.order_id and e.retry_of is null), 0)::bigint as for_returns,
      coalesce(sum(e.amount) filter (where e.cause_id is not null and e.status = 'failed' and not exists (select from payment_entries r where r.retry_of = e.id)), 0)::bigint as failed
    from unnest(${arrayOf(orderIds, 'uuid')}) o(order_id)
    left join payments p on p.order_id = o.order_id left join payment_entries e on e.payment_id = p.id and e.kind = 'refund'
    group by o.order_id`)
  return new Map(sums.map((sum) => [sum.order_id, sum]))
}

/** One entry with its order. Entries are guarded by the lock of their payment. */
export function findEntry(db: Queryable, id: string): Promise<(EntryRow & { order_id: string; retried: boolean }) | undefined> {
  return db.maybe(sql`
    select ${ENTRY_COLUMNS}, p.order_id, exists (select from payment_entries r where r.retry_of = e.id) as retried
    from payment_entries e join payments p on p.id = e.payment_id where e.id = ${id}`)
}

export function findSettlementTask(db: Queryable, entryId: string): Promise<SettlementTask | undefined> {
  return db.maybe(sql`
    select e.id, e.kind, e.amount, e.status, p.gateway, p.token, p.reference as payment_reference, p.currency
    from payment_entries e join payments p on p.id = e.payment_id
    where e.id = ${entryId} and e.status in ('pending', 'unknown')`)
}

export async function insertPayments(tx: Tx, payments: readonly NewPaymentRow[]): Promise<void> {
  await tx.run(sql`
    insert into payments (id, order_id, tender, gateway, token, currency, amount, authorized, captured, authorizing, reference, created_at)
    select id, order_id, tender, gateway, token, currency, amount, authorized, captured, authorizing, reference, created_at
    from ${rowsOf(payments, {
      id: 'uuid', order_id: 'uuid', tender: 'text', gateway: 'text', token: 'text', currency: 'text', amount: 'bigint',
      authorized: 'bigint', captured: 'bigint', authorizing: 'bigint', reference: 'text', created_at: 'timestamptz',
    })}`)
}

export async function insertEntries(tx: Tx, entries: readonly NewEntryRow[]): Promise<void> {
  await tx.run(sql`
    insert into payment_entries (id, payment_id, kind, amount, status, reason, cause_id, retry_of, created_at, settled_at)
    select id, payment_id, kind, amount, status, reason, cause_id, retry_of, created_at, settled_at
    from ${rowsOf(entries, {
      id: 'uuid', payment_id: 'uuid', kind: 'text', amount: 'bigint', status: 'text', reason: 'text', cause_id: 'uuid', retry_of: 'uuid', created_at: 'timestamptz', settled_at: 'timestamptz',
    })}`)
}

/** Adds changes to the balances of locked payments, one row per payment. */
export async function addToBalances(tx: Tx, changes: readonly (Balances & { id: string })[]): Promise<void> {
  await tx.run(sql`
    update payments p set
      authorized = p.authorized + input.authorized, captured = p.captured + input.captured, refunded = p.refunded + input.refunded, voided = p.voided + input.voided,
      authorizing = p.authorizing + input.authorizing, capturing = p.capturing + input.capturing, refunding = p.refunding + input.refunding, voiding = p.voiding + input.voiding,
      unknown_entries = p.unknown_entries + input.unknown_entries, failed_entries = p.failed_entries + input.failed_entries
    from ${rowsOf(changes, {
      id: 'uuid', authorized: 'bigint', captured: 'bigint', refunded: 'bigint', voided: 'bigint', authorizing: 'bigint', capturing: 'bigint', refunding: 'bigint', voiding: 'bigint',
      unknown_entries: 'int', failed_entries: 'int',
    })} where p.id = input.id`)
}

export async function updateEntry(tx: Tx, id: string, to: { status: EntryStatus; gateway_reference: string | null; failure: string | null; settled_at: Date | null }): Promise<number> {
  return tx.run(sql`
    update payment_entries set status = ${to.status}, gateway_reference = ${to.gateway_reference}, failure = ${to.failure}, settled_at = ${to.settled_at}
    where id = ${id} and status in ('pending', 'unknown')`)
}

/** What the gateway told of an authorization. */
export async function updateAuthorization(tx: Tx, id: string, told: { reference: string; authorization_expires_at: Date }): Promise<void> {
  await tx.run(sql`update payments set reference = ${told.reference}, authorization_expires_at = ${told.authorization_expires_at} where id = ${id}`)
}

export async function markAbandoned(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.run(sql`update payments set abandoned = true where id = any(${arrayOf(ids, 'uuid')}) and not abandoned`)
}

export async function markExpired(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx.run(sql`update payments set expired = true where id = any(${arrayOf(ids, 'uuid')})`)
}

/** Payments whose authorization has run out with something left of it and nothing under way, the longest first. */
export function findLapsed(db: Queryable, at: Date, limit: number): Promise<{ id: string; order_id: string }[]> {
  return db.rows(sql`
    select id, order_id from payments
    where authorization_expires_at <= ${at} and authorized > captured + voided and capturing = 0 and voiding = 0
    order by authorization_expires_at limit ${limit}`)
}
