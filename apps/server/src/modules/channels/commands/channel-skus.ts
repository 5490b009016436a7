import { ids } from '../../../kernel/id-kinds.ts'
import { refuse, type FieldError } from '../../../kernel/problem.ts'
import { requireChannelWide } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import { findVariantsBySku } from '../../catalog/index.ts'
import { lockChannel } from '../channels.db.ts'
import { deleteMapping, mappingsOf, writeMappings } from '../channel-skus.db.ts'
import { requireChannel } from '../scope.ts'

export type MapSkus = { code: string; skus: { channel_sku: string; sku: string }[] }
export type MappingOutcome = { channel_sku: string; sku: string; outcome: 'created' | 'changed' | 'unchanged' | 'refused'; errors: FieldError[] }

/** Maps what the channel calls its articles to SKUs. Each mapping has its own outcome; a wrong one leaves the others be. */
export const mapSkus = command('channels.map_skus', 'channels:write', async ({ tx, caller, emit, audit }, input: MapSkus): Promise<{ data: MappingOutcome[] }> => {
  requireChannelWide(caller)
  const channel = requireChannel(caller, input.code, await lockChannel(tx, input.code))
  const variants = await findVariantsBySku(tx, input.skus.map(({ sku }) => sku))
  const before = await mappingsOf(tx, channel.id, input.skus.map(({ channel_sku }) => channel_sku))
  const outcomes = decideMappings(input.skus, variants, before)
  const written = outcomes.filter(({ outcome }) => outcome === 'created' || outcome === 'changed')
  if (written.length > 0) {
    await writeMappings(tx, channel.id, written.map(({ channel_sku, sku }) => ({ channel_sku, variant_id: variants.get(sku)!.id })))
    emit(...written.map(({ channel_sku, sku }) => ({
      type: 'channel_sku.mapped', subject_id: channel.id,
      data: { channel_id: ids.channel.show(channel.id), channel: channel.code, channel_sku, sku, before: before.get(channel_sku) ?? null },
    })))
  }
  audit({ subject_id: channel.id, changes: Object.fromEntries(written.map(({ channel_sku, sku }) => [channel_sku, { before: before.get(channel_sku) ?? null, after: sku }])) })
  return { data: outcomes }
})

/** What becomes of each mapping, given the variants by SKU and what is mapped already. */
function decideMappings(skus: MapSkus['skus'], variants: ReadonlyMap<string, unknown>, before: ReadonlyMap<string, string>): MappingOutcome[] {
  const seen = new Set<string>()
  return skus.map(({ channel_sku, sku }, index) => {
    const refused = (field: string, code: string, detail: string): MappingOutcome => ({ channel_sku, sku, outcome: 'refused', errors: [{ pointer: `/skus/${index}/${field}`, code, detail }] })
    if (seen.has(channel_sku)) return refused('channel_sku', 'duplicate', `"${channel_sku}" stands in this call more than once; only the first counts.`)
    seen.add(channel_sku)
    if (!variants.has(sku)) return refused('sku', 'unknown_sku', `There is no SKU "${sku}". Add the product first.`)
    const mapped = before.get(channel_sku)
    return { channel_sku, sku, outcome: mapped === undefined ? 'created' : mapped === sku ? 'unchanged' : 'changed', errors: [] }
  })
}

/** Forgets one mapping. Orders captured with it keep their variant. */
export const unmapSku = command('channels.unmap_sku', 'channels:write', async ({ tx, caller, emit, audit }, input: { code: string; channel_sku: string }) => {
  requireChannelWide(caller)
  const channel = requireChannel(caller, input.code, await lockChannel(tx, input.code))
  const sku = (await mappingsOf(tx, channel.id, [input.channel_sku])).get(input.channel_sku)
  if (sku === undefined || !(await deleteMapping(tx, channel.id, input.channel_sku))) throw refuse('not_found', `Channel ${channel.code} maps nothing called "${input.channel_sku}".`)
  audit({ subject_id: channel.id, changes: { [input.channel_sku]: { before: sku, after: null } } })
  emit({ type: 'channel_sku.unmapped', subject_id: channel.id, data: { channel_id: ids.channel.show(channel.id), channel: channel.code, channel_sku: input.channel_sku, sku } })
  return {}
})
