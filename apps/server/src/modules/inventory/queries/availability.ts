import { groupByKey } from '../../../kernel/quantity.ts'
import type { PlainDate } from '../../../kernel/time.ts'
import type { Caller } from '../../../platform/caller.ts'
import type { Queryable } from '../../../platform/db.ts'
import { arrayOf, rowsOf, sql } from '../../../platform/sql.ts'
import { servingChannel } from '../reservations.db.ts'
import { createFinder, resolveCodes, type Codes, type Finder } from '../resolve.ts'
import { bundlesFrom, promiseableOn, promisesOf, sellableOf, type DatedPromise, type ExpectedUnits, type Supply } from '../sellable.ts'
import { sellableAt } from '../stock.ts'

const MAX_SKUS = 100

type AskAvailability = { skus: readonly string[]; channel?: string; location?: string; date?: PlainDate }

type LevelRow = { variant_id: string; location: string; available: number; safety_stock: number; counted_at: Date | null; updated_at: Date }
type QueueRow = { variant_id: string; backordered: number; inbound: (ExpectedUnits & { location: string })[] | null }

type LocationFigures = { location: string; available: number; safety_stock: number; sellable: number; counted_at: string | null; updated_at: string }

/** What can be sold of one SKU. `sellable` is null for services, of which there is always enough. */
export type Availability = {
  sku: string
  kind: 'goods' | 'bundle' | 'service'
  sellable: number | null
  /** What can be promised for the day asked about. */
  promiseable: number | null
  promises: DatedPromise[]
  buffer: number
  backordered: number
  locations: LocationFigures[]
  inbound: (ExpectedUnits & { location: string })[]
  components: { sku: string; quantity: number; sellable: number }[]
}

/** Everything known of one variant's stock, at the locations that count for the question. */
type Known = Omit<Supply, 'levels' | 'inbound'> & { sku: string; levels: readonly LevelRow[]; inbound: readonly (ExpectedUnits & { location: string })[] }

/**
 * What can be sold now and promised by date, for up to a hundred SKUs: two queries for the figures, whatever the number.
 * With a channel, only locations that may serve it count, and its buffer is kept back; bundles derive from their components.
 */
export async function readAvailability(db: Queryable, ask: AskAvailability, caller: Caller): Promise<Availability[]> {
  const codes = await resolveCodes(db, {
    skus: splitLists(ask.skus), ...(ask.channel === undefined ? {} : { channels: [ask.channel] }), ...(ask.location === undefined ? {} : { locations: [ask.location] }),
  })
  const finder = createFinder(codes, caller)
  const channel = ask.channel === undefined ? undefined : finder.channel(ask.channel, '/query/channel')
  const location = ask.location === undefined ? undefined : finder.location(ask.location, '/query/location')
  if (ask.channel === undefined && caller.channel_ids !== undefined) finder.wrong({ pointer: '/query/channel', code: 'required', detail: 'You are confined to some channels: name one of them.' })
  const skus = meantSkus(ask.skus, codes, finder)
  const refusal = finder.refusal()
  if (refusal !== undefined) throw refusal

  const variants = skus.map((sku) => codes.variants.get(sku)!)
  const goods = new Map(variants.flatMap((variant) => [variant, ...(codes.bundles.get(variant.id) ?? []).map((component) => component.variant)]).filter(({ kind }) => kind === 'goods').map(({ id, sku }) => [id, sku]))
  const known = await readKnown(db, goods, { channel_id: channel?.id, location_id: location?.id, buffer: channel?.stock_buffer ?? 0 }, caller)
  return variants.map(({ id, sku, kind }) => {
    if (kind === 'service') return { sku, kind, ...NOTHING, sellable: null, promiseable: null }
    if (kind === 'goods') return { sku, kind, ...describeGoods(known.get(id)!, ask.date), components: [] }
    return { sku, kind, ...describeBundle((codes.bundles.get(id) ?? []).map(({ variant, quantity }) => ({ known: known.get(variant.id)!, quantity })), ask.date) }
  })
}

const NOTHING = { promises: [], buffer: 0, backordered: 0, locations: [], inbound: [], components: [] }

/** Each text is a SKU, or several with commas between them: a SKU may itself have a comma. */
function splitLists(texts: readonly string[]): string[] {
  return texts.flatMap((text) => [text, ...text.split(',').map((part) => part.trim())])
}

function meantSkus(texts: readonly string[], codes: Codes, finder: Finder): string[] {
  const skus = [...new Set(texts.flatMap((text) => (codes.variants.has(text) ? [text] : splitLists([text]).slice(1).filter((part) => part !== ''))))]
  for (const sku of skus) finder.variant(sku, '/query/sku')
  if (skus.length === 0 || skus.length > MAX_SKUS) finder.wrong({ pointer: '/query/sku', code: 'wrong_number', detail: `Ask for 1 to ${MAX_SKUS} SKUs at a time.` })
  return skus
}

type Scope = { channel_id: string | undefined; location_id: string | undefined; buffer: number }

async function readKnown(db: Queryable, goods: ReadonlyMap<string, string>, scope: Scope, caller: Caller): Promise<Map<string, Known>> {
  if (goods.size === 0) return new Map()
  const wanted = rowsOf([...goods.keys()].map((variant_id) => ({ variant_id })), { variant_id: 'uuid' })
  const serving = sql`
    ${scope.channel_id === undefined ? sql`l.active and l.capabilities && '{ship,pickup}'` : servingChannel(sql`${scope.channel_id}::uuid`)}
    ${scope.location_id === undefined ? sql.empty : sql`and l.id = ${scope.location_id}`}
    ${caller.location_ids === undefined ? sql.empty : sql`and l.id = any(${arrayOf([...caller.location_ids], 'uuid')})`}`
  const levels = await db.rows<LevelRow>(sql`
    select s.variant_id, l.code as location, s.available, s.safety_stock, s.counted_at, s.updated_at
    from ${wanted} join stock_levels s on s.variant_id = input.variant_id join locations l on l.id = s.location_id
    where ${serving} order by s.variant_id, l.code`)
  const queues = await db.rows<QueueRow>(sql`
    select input.variant_id,
      coalesce((select sum(o.backordered) from order_lines o where o.variant_id = input.variant_id and o.backordered > 0), 0)::int as backordered,
      (select json_agg(json_build_object('location', l.code, 'expected_on', i.expected_on, 'quantity', i.quantity - i.received) order by i.expected_on, l.code)
        from inbound_supplies i join locations l on l.id = i.location_id
        where i.variant_id = input.variant_id and i.status = 'expected' and ${serving}) as inbound
    from ${wanted}`)
  const levelsOf = groupByKey(levels, ({ variant_id }) => variant_id)
  return new Map(queues.map(({ variant_id, backordered, inbound }) => [variant_id, {
    sku: goods.get(variant_id)!, levels: levelsOf.get(variant_id) ?? [], backordered, buffer: scope.buffer, inbound: inbound ?? [],
  }]))
}

function describeGoods(known: Known, date: PlainDate | undefined): Omit<Availability, 'sku' | 'kind' | 'components'> {
  return {
    sellable: sellableOf(known), promiseable: date === undefined ? null : promiseableOn(known, date), promises: promisesOf(known), buffer: known.buffer, backordered: known.backordered,
    locations: known.levels.map((level) => ({
      location: level.location, available: level.available, safety_stock: level.safety_stock, sellable: sellableAt(level),
      counted_at: level.counted_at?.toISOString() ?? null, updated_at: level.updated_at.toISOString(),
    })),
    inbound: [...known.inbound],
  }
}

type Component = { known: Known; quantity: number }

/** A bundle can be sold as often as its scarcest component allows. At a location the figures are those of whole bundles. */
function describeBundle(components: readonly Component[], date: PlainDate | undefined): Omit<Availability, 'sku' | 'kind'> {
  const bundles = (unitsOf: (known: Known) => number): number => bundlesFrom(components.map(({ known, quantity }) => ({ quantity, units: unitsOf(known) })))
  const dates = [...new Set(components.flatMap(({ known }) => known.inbound.map(({ expected_on }) => expected_on)))].sort()
  return {
    sellable: bundles(sellableOf), promiseable: date === undefined ? null : bundles((known) => promiseableOn(known, date)),
    promises: dates.map((day) => ({ date: day, quantity: bundles((known) => promiseableOn(known, day)) })),
    buffer: 0, backordered: 0, inbound: [],
    locations: bundleLocations(components),
    components: components.map(({ known, quantity }) => ({ sku: known.sku, quantity, sellable: sellableOf(known) })),
  }
}

/** Locations that hold every component; a figure is as old as the oldest of those it is made of. */
function bundleLocations(components: readonly Component[]): LocationFigures[] {
  const places = groupByKey(components.flatMap(({ known, quantity }) => known.levels.map((level) => ({ level, quantity }))), ({ level }) => level.location)
  return [...places].filter(([, parts]) => parts.length === components.length).map(([location, parts]) => {
    const oldest = (instants: readonly (Date | null)[]): Date | null => instants.reduce((a, b) => (a === null || b === null ? null : a < b ? a : b))
    const units = bundlesFrom(parts.map(({ level, quantity }) => ({ quantity, units: sellableAt(level) })))
    return {
      location, available: bundlesFrom(parts.map(({ level, quantity }) => ({ quantity, units: level.available }))), safety_stock: 0, sellable: units,
      counted_at: oldest(parts.map(({ level }) => level.counted_at))?.toISOString() ?? null, updated_at: oldest(parts.map(({ level }) => level.updated_at))!.toISOString(),
    }
  })
}
