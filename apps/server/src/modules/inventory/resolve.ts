import { invalid, type FieldError, type Refusal } from '../../kernel/problem.ts'
import { inScope, type Caller } from '../../platform/caller.ts'
import type { Queryable } from '../../platform/db.ts'
import { explodeBundles, findVariantsBySku, type Variant } from '../catalog/index.ts'
import { findChannelsByCode, type Channel } from '../channels/index.ts'
import { findLocationsByCode, type Location } from '../locations/index.ts'

/** What the codes in a batch of inputs mean: three or four queries, whatever their number. */
export type Codes = {
  variants: ReadonlyMap<string, Variant>
  /** By bundle id. */
  bundles: ReadonlyMap<string, readonly { variant: Variant; quantity: number }[]>
  locations: ReadonlyMap<string, Location>
  channels: ReadonlyMap<string, Channel>
}

export async function resolveCodes(db: Queryable, wanted: { skus?: readonly string[]; locations?: readonly string[]; channels?: readonly string[] }): Promise<Codes> {
  const { skus = [], locations = [], channels = [] } = wanted
  const variants = await findVariantsBySku(db, [...new Set(skus)])
  const bundleIds = [...variants.values()].filter(({ kind }) => kind === 'bundle').map(({ id }) => id)
  return {
    variants,
    bundles: bundleIds.length === 0 ? new Map() : await explodeBundles(db, bundleIds),
    locations: locations.length === 0 ? new Map() : await findLocationsByCode(db, [...new Set(locations)]),
    channels: channels.length === 0 ? new Map() : await findChannelsByCode(db, [...new Set(channels)]),
  }
}

/** Looks codes up for one input and remembers what is wrong with it, place by place. */
export type Finder = {
  /** A SKU of goods: bundles and services have no stock of their own. */
  goods: (sku: string, pointer: string) => Variant | undefined
  variant: (sku: string, pointer: string) => Variant | undefined
  location: (code: string, pointer: string) => Location | undefined
  channel: (code: string, pointer: string) => Channel | undefined
  wrong: (error: FieldError) => undefined
  /** The refusal that names everything that was wrong, if anything was. */
  refusal: () => Refusal | undefined
}

export function createFinder(codes: Codes, caller: Caller): Finder {
  const errors: FieldError[] = []
  const wrong = (error: FieldError): undefined => { errors.push(error) }
  const variant: Finder['variant'] = (sku, pointer) => codes.variants.get(sku) ?? wrong({ pointer, code: 'unknown_sku', detail: `There is no SKU ${sku}.` })
  return {
    variant, wrong,
    goods: (sku, pointer) => {
      const found = variant(sku, pointer)
      if (found === undefined || found.kind === 'goods') return found
      return wrong({ pointer, code: 'not_stocked', detail: found.kind === 'bundle' ? `${sku} is a bundle and has no stock of its own. Name its components.` : `${sku} is a service and has no stock.` })
    },
    // Outside the caller's locations and channels things do not exist.
    location: (code, pointer) => {
      const found = codes.locations.get(code)
      return found !== undefined && inScope(caller, { location_id: found.id }) ? found : wrong({ pointer, code: 'unknown_location', detail: `There is no location ${code}.` })
    },
    channel: (code, pointer) => {
      const found = codes.channels.get(code)
      return found !== undefined && inScope(caller, { channel_id: found.id }) ? found : wrong({ pointer, code: 'unknown_channel', detail: `There is no channel ${code}.` })
    },
    refusal: () => (errors.length === 0 ? undefined : invalid(errors)),
  }
}
