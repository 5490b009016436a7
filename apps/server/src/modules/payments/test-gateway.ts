import { setTimeout as pause } from 'node:timers/promises'
import type { Queryable } from '../../platform/db.ts'
import type { GatewayDefinition, GatewayOutcome, GatewayRequest } from './gateway.ts'
import type { EntryKind } from './ledger.ts'
import { findOperation, rememberOperation, type TestOperation } from './test-gateway.db.ts'

/** How a token behaves. What is not said succeeds and is answered. */
type Behavior = {
  fails?: Partial<Record<EntryKind, string>>
  /** `answer`: the first call takes effect and its answer is lost. `request`: the first call never arrives. `both`: nothing is ever answered. */
  loses?: 'answer' | 'request' | 'both'
  slow?: true
}

const BEHAVIORS: Readonly<Record<string, Behavior>> = {
  tok_ok: {},
  tok_decline: { fails: { authorize: 'card_declined' } },
  tok_insufficient_funds: { fails: { authorize: 'insufficient_funds' } },
  tok_capture_fails: { fails: { capture: 'capture_refused' } },
  tok_refund_fails: { fails: { refund: 'refund_refused' } },
  tok_void_fails: { fails: { void: 'void_refused' } },
  tok_timeout: { loses: 'answer' },
  tok_timeout_lost: { loses: 'request' },
  tok_unreachable: { loses: 'both' },
  tok_slow: { slow: true },
}

const SLOW_MS = 500

/**
 * A gateway for tests, demos and sandboxes: the token decides what happens. It stands for an outside system, so it keeps
 * its own memory, which outlives the process, and counts calls and effects.
 */
export const testGateway: GatewayDefinition = {
  code: 'test',
  open: ({ db }) => {
    const perform = (kind: EntryKind) => (request: GatewayRequest) => performOperation(db, kind, request)
    return {
      code: 'test',
      authorize: perform('authorize'),
      capture: perform('capture'),
      refund: perform('refund'),
      void: perform('void'),
      fetch: async (reference) => {
        const operation = await findOperation(db, reference)
        if (operation === undefined) return undefined
        if (BEHAVIORS[operation.token]?.loses === 'both') throw noAnswer()
        return outcomeOf(operation)
      },
    }
  },
}

async function performOperation(db: Queryable, kind: EntryKind, request: GatewayRequest): Promise<GatewayOutcome> {
  // Money that a shop took itself has no token here; its refunds succeed.
  const behavior = request.token === null ? {} : BEHAVIORS[request.token]
  const failure = behavior === undefined ? 'unknown_token' : behavior.fails?.[kind] ?? null
  if (behavior?.slow === true) await pause(SLOW_MS)
  const operation = await rememberOperation(db, kind, request, { status: failure !== null ? 'failed' : behavior?.loses === 'request' ? 'lost' : 'succeeded', failure })
  if (behavior?.loses === 'both' || (behavior?.loses !== undefined && operation.calls === 1)) throw noAnswer()
  return outcomeOf(operation)
}

function outcomeOf(operation: TestOperation): GatewayOutcome {
  return operation.status === 'succeeded'
    ? { status: 'succeeded', gateway_reference: `test_${operation.reference}` }
    : { status: 'failed', failure: operation.failure ?? 'lost' }
}

function noAnswer(): Error {
  return new Error('The test gateway did not answer in time.')
}
