import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { requireChannelWide } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import { checkIdentities, checkPhone, type CustomerFields, type Identity } from '../customer.ts'
import { channelCodesOf, findVisibleByEmail, insertCustomers, insertIdentities } from '../customers.db.ts'
import { customerCreated } from '../resolve-customers.ts'
import { identityTaken, isSameIdentity } from './save-identities.ts'

export type CreateCustomer = CustomerFields & { identities?: Identity[] }

/** Adds a customer. Refuses an e-mail address (`already_exists`) or an identity (`identity_taken`) that another one has, and callers confined to locations alone: it is channels that know customers. */
export const createCustomer = command('customers.create', 'customers:write', async ({ tx, now, caller, emit, audit }, { identities = [], ...input }: CreateCustomer) => {
  requireChannelWide(caller)
  const errors = [...checkPhone(input.phone), ...checkIdentities(identities)]
  if ([input.name, input.email, input.phone, input.company].every((text) => (text ?? '').trim() === '')) {
    errors.push({ pointer: '/name', code: 'required', detail: 'Give a name, an e-mail address, a phone number or a company.' })
  }
  if (errors.length > 0) throw invalid(errors)
  const id = newId(now.getTime())
  const sources = [...new Set([...await channelCodesOf(tx, caller), ...identities.map(({ source }) => source)])]
  const inserted = await insertCustomers(tx, [{ name: '', email: null, phone: null, company: null, locale: null, customer_group: null, tags: [], note: '', addresses: [], ...input, id, sources, created_at: now }])
  if (inserted.size === 0) {
    const owner = await findVisibleByEmail(tx, caller, input.email ?? '')
    throw refuse('already_exists', 'Another customer has this e-mail address.', { field: 'email', ...(owner === undefined ? {} : { customer_id: ids.customer.show(owner.id) }) })
  }
  const added = await insertIdentities(tx, identities.map((identity) => ({ ...identity, customer_id: id })))
  if (added.length < identities.length) throw identityTaken(identities, (identity) => !added.some((row) => isSameIdentity(row, identity)))
  audit({ subject_id: id })
  emit(customerCreated(id, sources))
  return { id: ids.customer.show(id) }
})
