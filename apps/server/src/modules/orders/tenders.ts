import { parseAmount } from '../../kernel/money.ts'
import type { FieldError } from '../../kernel/problem.ts'
import type { Channel } from '../channels/index.ts'
import { tenderErrors } from '../payments/index.ts'
import type { CaptureInput } from './capture-input.ts'

export type Tender = {
  tender: 'card' | 'external' | 'on_account' | 'cash'
  gateway: string | null
  token: string | null
  reference: string | null
  amount: bigint
  /** Whether the money is there already: the channel or the till took it. */
  already_captured: boolean
}

/**
 * The tenders of an order, as given or as the channel expects them: a marketplace has been paid, a distributor pays on
 * account. `awaiting_payment` says that the order must not move before money is promised.
 */
export function tendersFor(input: CaptureInput, channel: Channel, total: bigint): { ok: true; tenders: Tender[]; awaiting_payment: boolean } | { ok: false; errors: FieldError[] } {
  const given = readTenders(input, channel, total)
  if (!given.ok) return given
  const tenders = given.tenders
  const missing = total - tenders.reduce((sum, { amount }) => sum + amount, 0n)
  const expected = expectedTender(channel, input, missing)
  if (expected !== undefined) tenders.push(expected)
  const promised = tenders.reduce((sum, { amount, gateway }) => sum + (gateway === null ? amount : 0n), 0n)
  return { ok: true, tenders, awaiting_payment: promised < total && (channel.payment_expectation !== 'none' || tenders.length > 0) }
}

function readTenders(input: CaptureInput, channel: Channel, total: bigint): { ok: true; tenders: Tender[] } | { ok: false; errors: FieldError[] } {
  const errors: FieldError[] = []
  const tenders: Tender[] = []
  let left = total
  for (const [index, payment] of (input.payments ?? []).entries()) {
    const pointer = `/payments/${index}`
    const amount = payment.amount === undefined ? left : payment.amount.currency === channel.currency ? parseAmount(payment.amount.amount, channel.currency) : undefined
    if (amount === undefined) errors.push({ pointer: `${pointer}/amount`, code: 'wrong_currency', detail: `The amount is not one in ${channel.currency}.` })
    else if (amount < 0n) errors.push({ pointer: `${pointer}/amount`, code: 'too_small', detail: 'The amount is negative.' })
    else if (amount > left) errors.push({ pointer: `${pointer}/amount`, code: 'too_large', detail: 'The tenders come to more than the total.' })
    errors.push(...tenderErrors(payment, pointer))
    if (amount !== undefined && amount > 0n) {
      left -= amount
      tenders.push({
        tender: payment.tender, gateway: payment.tender === 'card' ? payment.gateway ?? null : null, token: payment.token ?? null, reference: payment.reference ?? null,
        amount, already_captured: payment.tender === 'external' || payment.tender === 'cash',
      })
    }
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, tenders }
}

function expectedTender(channel: Channel, input: CaptureInput, missing: bigint): Tender | undefined {
  if (missing <= 0n || (input.payments ?? []).length > 0) return undefined
  const common = { gateway: null, token: null, reference: input.external_id ?? null, amount: missing }
  if (channel.payment_expectation === 'prepaid') return { ...common, tender: 'external', already_captured: true }
  if (channel.payment_expectation === 'on_account') return { ...common, tender: 'on_account', already_captured: false }
  return undefined
}
