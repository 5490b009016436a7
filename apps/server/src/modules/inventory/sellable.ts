import type { PlainDate } from '../../kernel/time.ts'
import { sellableAt, type Level } from './stock.ts'

export type ExpectedUnits = { expected_on: PlainDate; quantity: number }

type LevelToSell = Pick<Level, 'available' | 'safety_stock'>

/** What one SKU can be promised from: the levels and supplies of locations that may serve the channel. */
export type Supply = {
  levels: readonly LevelToSell[]
  /** Units kept back from the channel. */
  buffer: number
  /** Units of orders that wait for this SKU. */
  backordered: number
  inbound: readonly ExpectedUnits[]
}

/** Below zero where more is owed than is there. */
function uncommitted({ levels, buffer, backordered }: Omit<Supply, 'inbound'>): number {
  return levels.reduce((sum, level) => sum + sellableAt(level), 0) - buffer - backordered
}

/** Units that the channel may sell now. A safety stock holds back units of its own location only. */
export function sellableOf(supply: Omit<Supply, 'inbound'>): number {
  return Math.max(0, uncommitted(supply))
}

/**
 * Units that can be promised for the date: those for sale now and what is expected until then. Orders that wait come
 * first; they are subtracted once, from both.
 */
export function promiseableOn(supply: Supply, date: PlainDate): number {
  const expected = supply.inbound.reduce((sum, { expected_on, quantity }) => sum + (expected_on <= date ? quantity : 0), 0)
  return Math.max(0, uncommitted(supply) + expected)
}

export type DatedPromise = { date: PlainDate; quantity: number }

/** What can be promised from each day on which more is expected. */
export function promisesOf(supply: Supply): DatedPromise[] {
  const dates = [...new Set(supply.inbound.map(({ expected_on }) => expected_on))].sort()
  return dates.map((date) => ({ date, quantity: promiseableOn(supply, date) }))
}

/** How many whole bundles the components make. */
export function bundlesFrom(components: readonly { quantity: number; units: number }[]): number {
  if (components.length === 0) return 0
  return Math.min(...components.map(({ quantity, units }) => Math.floor(units / quantity)))
}
