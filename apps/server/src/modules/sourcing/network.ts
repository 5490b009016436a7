import { createHash } from 'node:crypto'
import type { Location } from '../locations/index.ts'
import type { Economics } from './economics.ts'
import type { Settings } from './queries/settings.ts'
import type { Tariff } from './tariff.ts'

/** What planning knows of a location; where it lies is told by its coordinates. */
export type NetworkLocation = Omit<Location, 'address' | 'version' | 'field_versions' | 'created_at'>

/** What changes seldom, as it is stored once for all decisions that saw it so. Amounts are texts, closures and figures lists. */
export type StoredNetwork = { locations: StoredLocation[]; economics?: StoredEconomics }
type StoredLocation = Omit<NetworkLocation, 'handling_cost' | 'closures'> & { handling_cost: string; closures: string[] }
type StoredTariff = Omit<Tariff, 'steps'> & { steps: { max_grams: number[]; amounts: number[] }[] }
type StoredEconomics = Pick<Economics, 'cost_version' | 'model' | 'starts'> & { tariffs: StoredTariff[] }

/** The state of the settings that a batch was planned with. Decision records name a location by its position here. */
export type Network = { id: string; positions: ReadonlyMap<string, number>; stored: StoredNetwork }

const KNOWN = new WeakMap<object, Network>()

/** Settings do not change: new ones take their place. */
export function networkOf({ locations, economics }: Pick<Settings, 'locations' | 'economics'>): Network {
  let network = KNOWN.get(locations)
  if (network === undefined) {
    const stored: StoredNetwork = { locations: locations.map(storeLocation), ...(economics === undefined ? {} : { economics: storeEconomics(economics) }) }
    network = { id: hashOf(stored), positions: new Map(locations.map(({ code }, position) => [code, position])), stored }
    KNOWN.set(locations, network)
  }
  return network
}

function storeLocation({ address: _address, version: _version, field_versions: _versions, created_at: _created, ...location }: Location): StoredLocation {
  return { ...location, handling_cost: String(location.handling_cost), closures: [...location.closures].toSorted() }
}

function storeEconomics({ cost_version, model, starts, tariffs }: Economics): StoredEconomics {
  return { cost_version, model, starts, tariffs: tariffs.map(({ steps, ...tariff }) => ({ ...tariff, steps: steps.map(({ max_grams, amounts }) => ({ max_grams: [...max_grams], amounts: [...amounts] })) })) }
}

export function restoreLocations({ locations }: StoredNetwork): NetworkLocation[] {
  return locations.map((stored) => ({ ...stored, handling_cost: BigInt(stored.handling_cost), closures: new Set(stored.closures) }))
}

/** The cost model as it was, with the prices of that run. */
export function restoreEconomics({ economics }: StoredNetwork, price_run: string | null): Economics | undefined {
  if (economics === undefined) return undefined
  const tariffs = economics.tariffs.map(({ steps, ...tariff }) => ({ ...tariff, steps: steps.map(({ max_grams, amounts }) => ({ max_grams: Float64Array.from(max_grams), amounts: Float64Array.from(amounts) })) }))
  return { ...economics, price_run, tariffs, parcels: tariffs.flatMap(({ steps }) => steps) }
}

function hashOf(content: unknown): string {
  const hex = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}
