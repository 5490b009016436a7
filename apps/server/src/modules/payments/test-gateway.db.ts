import type { Queryable } from '../../platform/db.ts'
import { sql } from '../../platform/sql.ts'
import type { GatewayRequest } from './gateway.ts'
import type { EntryKind } from './ledger.ts'

export type TestOperation = { reference: string; status: 'succeeded' | 'failed' | 'lost'; failure: string | null; calls: number }

/**
 * Remembers a call. The first one under a reference decides its status for good; later ones are only counted, except
 * that an operation lost on its way succeeds when it is asked for again.
 */
export function rememberOperation(db: Queryable, kind: EntryKind, request: GatewayRequest, first: Pick<TestOperation, 'status' | 'failure'>): Promise<TestOperation> {
  return db.one(sql`
    insert into test_gateway_operations as known (reference, kind, token, payment_reference, amount, currency, status, failure)
    values (${request.reference}, ${kind}, ${request.token ?? ''}, ${request.payment_reference}, ${request.amount}, ${request.currency}, ${first.status}, ${first.failure})
    on conflict (reference) do update set calls = known.calls + 1, status = case known.status when 'lost' then 'succeeded' else known.status end
    returning reference, status, failure, calls`)
}

export function findOperation(db: Queryable, reference: string): Promise<(TestOperation & { token: string }) | undefined> {
  return db.maybe(sql`select reference, token, status, failure, calls from test_gateway_operations where reference = ${reference} and status <> 'lost'`)
}
