import { isDeepStrictEqual } from 'node:util'
import { ids } from '../../../kernel/id-kinds.ts'
import { invalid, refuse, Refusal } from '../../../kernel/problem.ts'
import { command } from '../../../platform/command.ts'
import { violatedConstraint } from '../../../platform/db.ts'
import { applyPatch } from '../../../platform/edit.ts'
import { checkPhone, withoutPersonalData, type CustomerFields } from '../customer.ts'
import { EDITABLE, lockVisibleCustomer } from '../customers.db.ts'
import { customerUpdated } from '../resolve-customers.ts'

export type UpdateCustomer = { customer_id: string; seen_version: number | undefined; patch: CustomerFields }

/** Changes a profile. Refuses an e-mail address that another customer has (`already_exists`). */
export const updateCustomer = command('customers.update', 'customers:write', async ({ tx, caller, emit, audit }, input: UpdateCustomer) => {
  const errors = checkPhone(input.patch.phone)
  if (errors.length > 0) throw invalid(errors)
  const customer = await lockVisibleCustomer(tx, caller, input.customer_id)
  if (customer === undefined) throw refuse('not_found', 'There is no such customer.')
  const patch = { ...input.patch }
  // The database returns JSON with its keys in another order, which is no difference.
  if (isDeepStrictEqual(patch.addresses, customer.addresses)) delete patch.addresses
  const note = await applyPatch(tx, 'customers', EDITABLE, customer, patch, input.seen_version).catch((error: unknown) => { throw refusalOf(error) })
  if (note !== undefined) {
    audit({ subject_id: customer.id, changes: withoutPersonalData(note.changes ?? {}) })
    emit(customerUpdated(customer.id, Object.keys(note.changes ?? {})))
  }
  return { id: ids.customer.show(customer.id) }
})

/** The refusal for an e-mail address that is taken. A stale edit names the fields alone: refusals are stored under Idempotency-Keys. */
function refusalOf(error: unknown): unknown {
  if (violatedConstraint(error) === 'customers_email') return refuse('already_exists', 'Another customer has this e-mail address.', { field: 'email' })
  if (!(error instanceof Refusal) || error.code !== 'stale_version') return error
  const { detail, current_version, conflicts } = error.facts
  return refuse('stale_version', detail, { current_version, conflicts: Object.fromEntries(Object.keys(conflicts ?? {}).map((field) => [field, null])) })
}
