import type { Queryable } from '../../platform/db.ts'
import { findItemFacts, findVariantsBySku } from '../catalog/index.ts'
import { loadChannels, orderForms, type Channel, type FormField } from '../channels/index.ts'
import { keyOf, readLevels } from '../inventory/index.ts'
import { listGroupMembers, listLocationCodes, loadLocations, type Location } from '../locations/index.ts'
import { findRateTable, IN_HOUSE, shippingMethods } from '../shipping/index.ts'
import { demandsOf } from './demands.db.ts'
import type { Candidate } from './demand.ts'
import type { Economics } from './economics.ts'
import { createDepartures } from './departures.ts'
import type { Shelf } from './examples.ts'
import { hoursSince } from './facts.ts'
import { candidateOf } from './plan-stock.ts'
import { readEconomics } from './queries/settings.ts'
import type { Known } from './references.ts'
import type { Rule } from './strategy.ts'

export type WorldChannel = Pick<Channel, 'id' | 'code' | 'currency' | 'on_shortage' | 'max_splits' | 'group_ids'> & { fields: readonly FormField[] }

/** What there is for rules to speak of, as it stands. Candidates are named by their codes, with all their capacity. */
export type World = {
  now: Date
  channels: readonly WorldChannel[]
  candidates: (at: Date) => readonly Candidate[]
  /** Codes of the active locations of each group. */
  groups: ReadonlyMap<string, readonly string[]>
  names: ReadonlyMap<string, string>
  known: Known
  /** What serving orders costs, where one of the rules chooses by cost. */
  economics?: Economics
}

export async function readWorld(db: Queryable, rules: readonly Rule[], now: Date): Promise<World> {
  const locations = await loadLocations(db, now.toISOString().slice(0, 10))
  const channels = await loadChannels(db)
  const forms = await orderForms(db, channels.filter(({ form_version }) => form_version > 0).map(({ id, form_version }) => ({ channel_id: id, form_version })))
  const groups = await listGroupMembers(db)
  const rates = await findRateTable(db, IN_HOUSE)
  const active = new Set(locations.map(({ code }) => code))
  return {
    now, ...await readEconomics(db, { rules }, now),
    channels: channels.map((channel) => ({ ...channel, fields: (forms.get(channel.id) ?? []).filter(({ applies_to }) => applies_to === 'order') })),
    candidates: (at) => locations.map((location) => candidateAt(location, at)),
    groups: new Map(groups.map(({ code, locations: members }) => [code, members.filter((member) => active.has(member))])),
    names: new Map(locations.map(({ code, name }) => [code, name])),
    known: {
      channel: new Set(channels.map(({ code }) => code)), location: new Set(await listLocationCodes(db)), location_group: new Set(groups.map(({ code }) => code)),
      shipping_method: new Set(['standard', ...(rates === undefined ? [] : shippingMethods(rates.definition))]),
      order_field: new Set([...forms.values()].flatMap((fields) => fields.filter(({ applies_to }) => applies_to === 'order').map(({ key }) => key))),
    },
  }
}

function candidateAt(location: Location, at: Date): Candidate {
  return { ...candidateOf(location, at, new Map(), { departures: createDepartures() }), id: location.code }
}

/** The articles of these SKUs, and what is sellable of them now. */
export async function readShelf(db: Queryable, skus: readonly string[], now: Date): Promise<Shelf> {
  const variants = await findVariantsBySku(db, skus)
  const bySku = new Map([...variants.values()].map(({ id, sku }) => [id, sku]))
  const facts = await findItemFacts(db, [...bySku.keys()])
  const levels = bySku.size === 0 ? [] : await readLevels(db, [...bySku.keys()])
  const sold = await demandsOf(db, [...bySku.keys()])
  const codes = new Map((await loadLocations(db, now.toISOString().slice(0, 10))).map(({ id, code }) => [id, code]))
  return {
    variants, items: new Map([...facts].map(([id, item]) => [bySku.get(id)!, item])),
    levels: levels.flatMap((level) => {
      const code = codes.get(level.location_id)
      if (code === undefined) return []
      const stock_age_hours = level.counted_at === null ? null : hoursSince(level.counted_at, now)
      return [{ variant_id: bySku.get(level.variant_id)!, location_id: code, available: level.available, safety_stock: level.safety_stock, daily_demand: sold.get(keyOf(level)) ?? 0, stock_age_hours }]
    }),
  }
}
