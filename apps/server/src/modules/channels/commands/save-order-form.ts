import type { Static } from 'typebox'
import { ids } from '../../../kernel/id-kinds.ts'
import { invalid, refuse } from '../../../kernel/problem.ts'
import { requireChannelWide } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import { viewOrderForm, type OrderFormView } from '../channel-view.ts'
import { findOrderForm, insertOrderForm, isSameForm, lockChannel } from '../channels.db.ts'
import { validateForm, type FormField } from '../order-form.ts'
import { requireChannel } from '../scope.ts'

export type SaveOrderForm = { code: string; seen_form_version: number | undefined; fields: FormField[] }

/** Makes these the fields of the channel's orders from now on, as a new version. The same fields again are no new version. */
export const saveOrderForm = command('channels.save_order_form', 'channels:write', async ({ tx, now, caller, emit, audit }, input: SaveOrderForm): Promise<Static<typeof OrderFormView>> => {
  requireChannelWide(caller)
  const channel = requireChannel(caller, input.code, await lockChannel(tx, input.code))
  const errors = validateForm(input.fields)
  if (errors.length > 0) throw invalid(errors)
  const unchanged = channel.form_version === 0 ? input.fields.length === 0 : await isSameForm(tx, channel.id, channel.form_version, input.fields)
  audit({ subject_id: channel.id })
  if (unchanged) return viewOrderForm(channel.code, await findOrderForm(tx, channel.id, channel.form_version))
  if (input.seen_form_version !== undefined && input.seen_form_version !== channel.form_version) {
    throw refuse('stale_version', `The order form is at version ${channel.form_version} by now. Look at its fields and decide again.`, { current_version: channel.form_version })
  }
  const form = { form_version: channel.form_version + 1, fields: input.fields, created_at: now }
  await insertOrderForm(tx, { ...form, channel_id: channel.id, created_by: caller.id })
  emit({ type: 'channel.order_form_saved', subject_id: channel.id, data: { channel_id: ids.channel.show(channel.id), channel: channel.code, form_version: form.form_version } })
  return viewOrderForm(channel.code, form)
})
