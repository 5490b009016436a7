import type { Runtime } from '../../platform/module.ts'
import type { EntryKind } from './ledger.ts'

/** One thing asked of a gateway. */
export type GatewayRequest = {
  /** Ours: the id of the ledger's entry. The gateway takes it as its idempotency key and finds the operation by it. */
  reference: string
  /** The gateway's token for the payment means. */
  token: string | null
  /** The gateway's own name for the authorization that is captured, refunded or voided. */
  payment_reference: string | null
  amount: bigint
  currency: string
}

export type GatewayOutcome =
  | { status: 'succeeded'; gateway_reference: string; authorization_expires_at?: Date }
  | { status: 'failed'; failure: string }

/**
 * A payment gateway as the ledger sees it. Every call either answers or throws; a throw means that nobody knows what
 * happened (a timeout, a broken connection), and the operation is looked up before it is repeated.
 */
export type PaymentGateway = Record<EntryKind, (request: GatewayRequest) => Promise<GatewayOutcome>> & {
  code: string
  /** What became of the operation with our reference; undefined where the gateway has never heard of it. */
  fetch: (reference: string) => Promise<GatewayOutcome | undefined>
}

export type GatewayDefinition = { code: string; open: (runtime: Pick<Runtime, 'db'>) => PaymentGateway }
