import { present } from '../../../kernel/assert.ts'
import { newId } from '../../../kernel/ids.ts'
import { invalid, refuse, type Refusal } from '../../../kernel/problem.ts'
import { addMs, MINUTE_MS } from '../../../kernel/time.ts'
import { inScope, type Caller } from '../../../platform/caller.ts'
import { batchCommand, type BatchContext, type BatchItem, type Outcome } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import { stockEvents, tryMovements } from '../apply-movements.ts'
import { lockFurtherLevels, readSellable } from '../levels.db.ts'
import type { Movement } from '../movements.ts'
import { planReservations, type OutOfStock, type ReservationPlan, type ReservationRequest, type UnitsAt } from '../reservation-plan.ts'
import { viewReservation, type ReservationView } from '../reservation-view.ts'
import { insertReservations, readEligibleLocations, type EligibleLocation } from '../reservations.db.ts'
import { createFinder, resolveCodes, type Codes } from '../resolve.ts'
import { keyOf, type Levels } from '../stock.ts'

export type Reserve = {
  channel: string
  lines: { sku: string; quantity: number; location?: string }[]
  reference?: string
  minutes?: number
  /** Codes of the locations to take from first. */
  preferred_locations?: string[]
}

type Channel = NonNullable<ReturnType<Codes['channels']['get']>>
type Item = BatchItem<Reserve>
type Draft = { item: Item; index: number; channel: Channel; request: ReservationRequest; skus: Map<string, string> }

/**
 * Claims units for a while: all that was asked for, or nothing (`out_of_stock` names what is short). Bundles claim their
 * components; services need no stock and are left out.
 */
export const reserveStock = batchCommand('inventory.reserve', 'inventory:reserve', async (context, items: readonly Item[]): Promise<Outcome<ReservationView>[]> => {
  const { tx } = context
  const outcomes = new Array<Outcome<ReservationView> | undefined>(items.length)
  const codes = await resolveCodes(tx, {
    skus: items.flatMap(({ input }) => input.lines.map(({ sku }) => sku)),
    locations: items.flatMap(({ input }) => [...(input.preferred_locations ?? []), ...input.lines.flatMap(({ location }) => location ?? [])]),
    channels: items.map(({ input }) => input.channel),
  })
  const eligible = await readEligibleLocations(tx, [...codes.channels.values()].map(({ id }) => id))
  const serving = servingSets(eligible)
  const drafts: Draft[] = []
  for (const [index, item] of items.entries()) {
    const draft = draftOf(item, index, codes, serving)
    if ('refusal' in draft) outcomes[index] = { ok: false, refusal: draft.refusal }
    else drafts.push(draft)
  }
  const { plans, levels } = await planOnLockedLevels(tx, drafts)
  const locations = new Map(eligible.map(({ location_id, code }) => [location_id, code]))
  for (const [i, draft] of drafts.entries()) {
    if (plans[i]!.short.length > 0) outcomes[draft.index] = { ok: false, refusal: outOfStock(plans[i]!.short, draft.skus, locations) }
  }
  const accepted = drafts.flatMap((draft, i) => (plans[i]!.short.length > 0 ? [] : [{ draft, units: plans[i]!.units }]))
  for (const { draft, view, id } of await writeReservations(context, accepted, levels, locations)) outcomes[draft.index] = { ok: true, output: view, subject_id: id }
  return outcomes.map((outcome) => present(outcome, 'every item has an outcome'))
})

type ServingSets = (channel_id: string | undefined, caller: Caller) => ReadonlySet<string>

/** The locations that may serve a channel for a caller; made once for each of both. */
function servingSets(eligible: readonly EligibleLocation[]): ServingSets {
  const known = new Map<string, ReadonlySet<string>>()
  return (channel_id, caller) => {
    const key = `${channel_id} ${caller.id}`
    let serving = known.get(key)
    if (serving === undefined) {
      serving = new Set(eligible.filter((location) => location.channel_id === channel_id && inScope(caller, { location_id: location.location_id })).map(({ location_id }) => location_id))
      known.set(key, serving)
    }
    return serving
  }
}

function draftOf(item: Item, index: number, codes: Codes, servingOf: ServingSets): Draft | { refusal: Refusal } {
  const { input, caller } = item
  const finder = createFinder(codes, caller)
  const channel = finder.channel(input.channel, '/channel')
  const serving = servingOf(channel?.id, caller)
  const preferred = (input.preferred_locations ?? []).map((code, i) => finder.location(code, `/preferred_locations/${i}`)?.id ?? '')
  const skus = new Map<string, string>()
  const lines = input.lines.flatMap((line, i) => {
    const pointer = `/lines/${i}`
    const location = line.location === undefined ? undefined : finder.location(line.location, `${pointer}/location`)
    if (location !== undefined && channel !== undefined && !serving.has(location.id)) {
      finder.wrong({ pointer: `${pointer}/location`, code: 'location_not_serving', detail: `${location.code} does not serve the channel ${channel.code}. Name another location, or none.` })
    }
    return unitsOf(line.sku, line.quantity, `${pointer}/sku`, codes, finder).map(({ variant_id, sku, quantity }) => {
      skus.set(variant_id, sku)
      return { variant_id, quantity, location_id: location?.id ?? null }
    })
  })
  const refusal = finder.refusal()
  if (refusal !== undefined || channel === undefined) return { refusal: refusal! }
  if (lines.length === 0) return { refusal: invalid([{ pointer: '/lines', code: 'nothing_to_reserve', detail: 'None of these lines needs stock.' }]) }
  return { item, index, channel, skus, request: { lines, eligible: serving, preferred, buffer: channel.stock_buffer } }
}

/** What a line needs of goods: itself, or the components of a bundle. */
function unitsOf(sku: string, quantity: number, pointer: string, codes: Codes, finder: ReturnType<typeof createFinder>): { variant_id: string; sku: string; quantity: number }[] {
  const variant = finder.variant(sku, pointer)
  if (variant === undefined || variant.kind === 'service') return []
  if (variant.kind === 'goods') return [{ variant_id: variant.id, sku, quantity }]
  const components = codes.bundles.get(variant.id) ?? []
  if (components.length === 0) finder.wrong({ pointer, code: 'bundle_empty', detail: `The bundle ${sku} has no components yet.` })
  return components.map((component) => ({ variant_id: component.variant.id, sku: component.variant.sku, quantity: component.quantity * quantity }))
}

/** Rivals may take other levels while some are locked; after so many looks they are too many. */
const MAX_ROUNDS = 4

/**
 * Plans on what can be seen, locks the levels the plans use and plans again on the locked figures, until every plan
 * stands on locked levels alone. What is refused was short at the moment of the look.
 */
async function planOnLockedLevels(tx: Tx, drafts: readonly Draft[]): Promise<{ plans: ReservationPlan[]; levels: Levels }> {
  let levels: Levels = new Map()
  if (drafts.length === 0) return { plans: [], levels }
  const requests = drafts.map(({ request }) => request)
  let stock = await readSellable(tx, [...new Set(requests.flatMap(({ lines }) => lines.map(({ variant_id }) => variant_id)))])
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const plans = planReservations(requests, stock)
    const locked = await lockFurtherLevels(tx, levels, plans.flatMap(({ units }) => units), drafts[0]!.item.now)
    if (locked === levels) return { plans, levels }
    levels = locked
    stock = { ...stock, levels: stock.levels.map((level) => locked.get(keyOf(level)) ?? level) }
  }
  throw refuse('busy', 'Others kept taking the same stock. Nothing was changed; try again.')
}

function outOfStock(short: readonly OutOfStock[], skus: ReadonlyMap<string, string>, locations: ReadonlyMap<string, string>): Refusal {
  const lines = short.map(({ variant_id, location_id, requested, sellable }) => ({
    sku: skus.get(variant_id)!, ...(location_id === null ? {} : { location: locations.get(location_id)! }), requested, sellable, short_by: requested - sellable,
  }))
  const first = lines[0]!
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : ''
  return refuse('out_of_stock', `${first.sellable} of ${first.sku} can be sold${'location' in first ? ` at ${first.location}` : ''}, ${first.requested} were asked for${more}. Nothing was reserved.`, { lines })
}

async function writeReservations(
  { tx, emit }: BatchContext, accepted: readonly { draft: Draft; units: readonly UnitsAt[] }[], levels: Levels, locations: ReadonlyMap<string, string>,
): Promise<{ draft: Draft; view: ReservationView; id: string }[]> {
  if (accepted.length === 0) return []
  const made = accepted.map(({ draft, units }) => {
    const { item: { input, now }, channel, skus } = draft
    const row = { id: newId(now.getTime()), channel_id: channel.id, reference: input.reference ?? null, expires_at: addMs(now, (input.minutes ?? channel.reservation_minutes) * MINUTE_MS), created_at: now }
    const named = units.map((unit) => ({ ...unit, sku: skus.get(unit.variant_id)!, location: locations.get(unit.location_id)! }))
    return { draft, row, units: named, view: viewReservation({ ...row, channel: channel.code, status: 'active', ended_at: null, order_id: null }, named) }
  })
  const moved = await tryMovements(tx, made.map(({ draft, row, units }) => ({ keeps_safety_stock: true, movements: units.map((unit) => claim(unit, row.id, draft.item)) })), levels)
  const lost = moved.shortages.find((shortage) => shortage !== undefined)
  if (lost !== undefined) throw new Error(`planned on locked levels, and yet short: ${JSON.stringify(lost)}`)
  await insertReservations(tx, made.map(({ row }) => row), made.flatMap(({ row, units }) => units.map((unit) => ({ ...unit, reservation_id: row.id }))))
  for (const { draft, row, view } of made) emit(draft.item as BatchItem<never>, { type: 'reservation.created', subject_id: row.id, data: eventData(view) })
  for (const { group, event } of await stockEvents(tx, moved)) emit(made[group]!.draft.item as BatchItem<never>, event)
  return made.map(({ draft, row, view }) => ({ draft, view, id: row.id }))
}

function claim({ variant_id, location_id, quantity }: UnitsAt, reservation_id: string, { caller, now }: Item): Movement {
  return { variant_id, location_id, quantity, from_state: 'available', to_state: 'reserved', reason: 'reserved', cause_kind: 'reservation', cause_id: reservation_id, caller_id: caller.id, at: now }
}

function eventData({ id, channel, reference, expires_at, lines }: ReservationView): Record<string, unknown> {
  return { reservation_id: id, channel, reference, expires_at, lines }
}

