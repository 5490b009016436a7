import { isDeepStrictEqual } from 'node:util'
import { ids } from '../../../kernel/id-kinds.ts'
import { invalid, refuse, type Refusal } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { requireSeen } from '../../../platform/edit.ts'
import { checkIdentities, type Identity } from '../customer.ts'
import { identitiesOf, lockVisibleCustomer, replaceIdentities, touchCustomer } from '../customers.db.ts'
import { customerUpdated } from '../resolve-customers.ts'

export type SaveIdentities = { customer_id: string; seen_version: number | undefined; identities: Identity[] }

/** Gives a customer exactly these identities. Where the customer is known stays known: sources only grow. */
export const saveIdentities = command('customers.save_identities', 'customers:write', async ({ tx, caller, emit, audit }, input: SaveIdentities) => {
  const errors = checkIdentities(input.identities)
  if (errors.length > 0) throw invalid(errors)
  const customer = await lockVisibleCustomer(tx, caller, input.customer_id)
  if (customer === undefined) throw refuse('not_found', 'There is no such customer.')
  requireSeen(customer, 'identities', input.seen_version)
  const before = listed(await identitiesOf(tx, [customer.id]))
  if (isDeepStrictEqual(before, listed(input.identities))) return { id: ids.customer.show(customer.id) }
  const [taken] = await replaceIdentities(tx, customer.id, input.identities)
  if (taken !== undefined) throw identityTaken(input.identities, (identity) => isSameIdentity(identity, taken))
  await touchCustomer(tx, customer, [...new Set([...customer.sources, ...input.identities.map(({ source }) => source)])])
  audit({ subject_id: customer.id, changes: { identities: { before: null, after: null } } })
  emit(customerUpdated(customer.id, ['identities']))
  return { id: ids.customer.show(customer.id) }
})

function listed(identities: readonly Identity[]): string[] {
  return identities.map(({ source, external_id }) => JSON.stringify([source, external_id])).toSorted()
}

/** Names the place, not the id: refusals are stored under Idempotency-Keys, and ids elsewhere are personal data. */
export function identityTaken(identities: readonly Identity[], isTaken: (identity: Identity) => boolean): Refusal {
  const index = identities.findIndex(isTaken)
  return refuse('identity_taken', `Another customer has the identity of ${identities[index]?.source ?? ''} at place ${index + 1}. Take it away there first.`, { pointer: `/identities/${index}` })
}

export function isSameIdentity(a: Identity, b: Identity): boolean {
  return a.source === b.source && a.external_id === b.external_id
}
