import { isDeepStrictEqual } from 'node:util'
import { present } from '../../../kernel/assert.ts'
import type { Coordinates } from '../../../kernel/geo.ts'
import type { Queryable } from '../../../platform/db.ts'
import { findChannelsByCode, type Channel } from '../../channels/index.ts'
import { findPostalAreas, loadLocations, type Location } from '../../locations/index.ts'
import { activeRateTables, findRateTable, IN_HOUSE, type RateTable } from '../../shipping/index.ts'
import { activeCostModel, MAX_PRICE_AGE_MS, newestPriceRun } from '../costs.db.ts'
import { PICKUP, type Delivery } from '../delivery.ts'
import type { Destination } from '../demand.ts'
import { createDepartures, type Departures } from '../departures.ts'
import { prepareEconomics, type Economics } from '../economics.ts'
import { isPostBox } from '../post-box.ts'
import { readStamp } from '../sourcing.db.ts'
import { strategyAt } from '../strategies.db.ts'
import type { Strategy } from '../strategy.ts'

/** What planning looks at and people seldom change: the strategy in use, active locations with their calendars, what carriers take. */
export type Settings = {
  stamp: string
  strategy: Strategy
  locations: readonly Location[]
  rate_table: RateTable
  departures: Departures
  /** Where a rule chooses by cost. */
  economics?: Economics
  /** By code; null where there is none. Filled as channels are asked for, and so are places. */
  channels: Map<string, Channel | null>
  places: Map<string, Located | null>
  read_at: Date
}

/** Who reads between a change and its commit keeps what was, though the stamp has moved: no longer than this. */
const KEPT_MS = 1_000
const MAX_STAMPS = 16
const MAX_PLACES = 50_000

/** By stamp, which names the database, and day. */
const KEPT = new Map<string, Settings>()

/** The settings as of now: read again when one of them has changed. Costs one small statement. */
export async function currentSettings(db: Queryable, now: Date): Promise<Settings> {
  const stamp = await readStamp(db, now)
  const known = keptSettings(stamp, now)
  return known !== undefined && isFresh(known, now) ? known : loadSettings(db, stamp, now)
}

const REFRESHING = new Set<string>()

/** The same for reads that wait for nothing they need not: what is older than a second is read again beside them. */
export async function settingsSeen(db: Queryable, stamp: string, now: Date): Promise<Settings> {
  const known = keptSettings(stamp, now)
  if (known === undefined) return loadSettings(db, stamp, now)
  if (!isFresh(known, now) && !REFRESHING.has(stamp)) {
    REFRESHING.add(stamp)
    // Where it fails, the next read of a setting that has changed says so.
    void loadSettings(db, stamp, now).catch(() => undefined).finally(() => REFRESHING.delete(stamp))
  }
  return known
}

/** By the clock of the caller, which may stand or be set back. */
function isFresh({ read_at }: Settings, now: Date): boolean {
  const age = now.getTime() - read_at.getTime()
  return age >= 0 && age < KEPT_MS
}

/** What is known for the stamp, however long ago it was read. */
function keptSettings(stamp: string, now: Date): Settings | undefined {
  return KEPT.get(keyOf(stamp, now))
}

async function loadSettings(db: Queryable, stamp: string, now: Date): Promise<Settings> {
  const strategy = present(await strategyAt(db, now), 'a strategy is in use')
  const found = await loadLocations(db, dayOf(now))
  // Where nothing is new, departures are not worked out anew: for hundreds of locations that would hold everybody up.
  const before = KEPT.get(keyOf(stamp, now))
  const { locations, departures } = before !== undefined && isDeepStrictEqual(before.locations, found) ? before : { locations: found, departures: createDepartures() }
  const { definition: rate_table } = present(await findRateTable(db, IN_HOUSE), 'the in-house carrier has a rate table')
  const settings: Settings = { stamp, strategy, locations, rate_table, departures, ...await readEconomics(db, strategy, now), channels: new Map(), places: new Map(), read_at: now }
  if (KEPT.size >= MAX_STAMPS) KEPT.clear()
  KEPT.set(keyOf(stamp, now), settings)
  return settings
}

/** What the rules weigh, where one of them chooses by cost. */
export async function readEconomics(db: Queryable, { rules }: Pick<Strategy, 'rules'>, now: Date): Promise<Pick<Settings, 'economics'>> {
  if (rules.every(({ objective }) => objective === undefined)) return {}
  const { cost_version, definition } = await activeCostModel(db)
  const run = await newestPriceRun(db)
  const fresh = run !== undefined && now.getTime() - run.at.getTime() <= MAX_PRICE_AGE_MS
  return { economics: prepareEconomics(cost_version, definition, await activeRateTables(db), fresh ? run.id : null) }
}

const dayOf = (now: Date): string => now.toISOString().slice(0, 10)
const keyOf = (stamp: string, now: Date): string => `${stamp} ${dayOf(now)}`

/** Looks up channels that nobody has asked for yet; those that are known cost nothing. */
export async function knowChannels(db: Queryable, { channels }: Settings, codes: readonly string[]): Promise<void> {
  const unknown = [...new Set(codes.filter((code) => !channels.has(code)))]
  if (unknown.length === 0) return
  const found = await findChannelsByCode(db, unknown)
  for (const code of unknown) channels.set(code, found.get(code) ?? null)
}

export type Address = { country: string; region?: string | undefined; postal_code?: string | undefined; city?: string | undefined; line1?: string | undefined; line2?: string | undefined; latitude?: number | undefined; longitude?: number | undefined }

/** Where something lies, and what told so. */
export type Located = { coordinates: Coordinates; by: 'coordinates' | 'postal_code' | 'city' }

/** Looks up where addresses without coordinates lie, as far as postal codes and cities tell; what is known costs nothing. */
export async function knowPlaces(db: Queryable, { places }: Settings, addresses: readonly (Address | null)[]): Promise<void> {
  const unknown = new Map<string, Address>()
  for (const address of addresses) {
    if (address === null || address.latitude !== undefined) continue
    const key = placeKey(address)
    if (!places.has(key)) unknown.set(key, address)
  }
  if (unknown.size === 0) return
  if (places.size >= MAX_PLACES) places.clear()
  const found = await findPostalAreas(db, [...unknown.values()])
  ;[...unknown.keys()].forEach((key, index) => places.set(key, found[index]!))
}

/** Where the address lies: its own coordinates, or those of its postal code, or of its city; null where none is known. */
export function locate({ places }: Pick<Settings, 'places'>, address: Address): Located | null {
  const { latitude, longitude } = address
  if (latitude !== undefined && longitude !== undefined) return { coordinates: { latitude, longitude }, by: 'coordinates' }
  return places.get(placeKey(address)) ?? null
}

/** The place of an address, as the planner sees it. */
export function destinationOf(settings: Pick<Settings, 'places'>, address: Address | null): Destination | null {
  if (address === null) return null
  const { country, region, postal_code, line1 = '', line2 } = address
  return { country, region: region ?? null, postal_code: postal_code ?? null, po_box: isPostBox({ line1, line2 }), coordinates: locate(settings, address)?.coordinates ?? null }
}

/** How an order comes to its customer. */
export function deliveryOf(settings: Pick<Settings, 'places'>, { delivery, shipping_method, shipping_address }: { delivery: 'ship' | 'pickup'; shipping_method: string; shipping_address: Address | null }): Delivery {
  return { method: delivery === 'pickup' ? PICKUP : shipping_method, destination: destinationOf(settings, shipping_address) }
}

function placeKey({ country, postal_code, city }: Address): string {
  return `${country} ${postal_code ?? ''} ${city ?? ''}`
}
