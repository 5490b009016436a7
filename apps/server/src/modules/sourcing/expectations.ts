import { groupByKey } from '../../kernel/quantity.ts'
import { instantOf } from '../../kernel/time.ts'
import { nextDeparture, type Location } from '../locations/index.ts'
import type { Arrival, WaitingLine } from '../orders/index.ts'
import { arrivalFrom, arrivalOfAll } from './delivery.ts'
import { servesChannel } from './order-view.ts'
import { deliveryOf, type Settings } from './queries/settings.ts'
import { takeSupplies, type SupplyUnits } from './supplies.ts'

export type Expectation = Pick<WaitingLine, 'id' | 'expected_on' | 'promised_from' | 'promised_by'>

/** What is known for the decision: supplies by variant, the earliest first, and the groups of each channel; null for all locations. */
export type Supplies = { settings: Settings; supplies: readonly (SupplyUnits & { variant_id: string })[]; groups: ReadonlyMap<string, readonly string[] | null> }

/**
 * Gives what is on its way to those who wait, the longest waiting first, and says of each line when the last of its units is
 * expected and when they arrive; all null where not all of them are on their way. In the order of the lines.
 */
export function expectSupplies(lines: readonly WaitingLine[], { settings, supplies, groups }: Supplies): Expectation[] {
  const locations = new Map(settings.locations.map((location) => [location.id, location]))
  const pools = groupByKey(supplies.map((supply) => ({ ...supply })), ({ variant_id }) => variant_id)
  return lines.map((line) => {
    const usable = ({ location_id }: SupplyUnits): boolean => {
      const location = locations.get(location_id)
      return location !== undefined && location.capabilities.includes(line.delivery) && servesChannel(groups.get(line.channel_id) ?? null, location.group_ids)
        && (line.delivery === 'ship' || location_id === line.pickup_location_id)
    }
    const taken = takeSupplies(pools.get(line.variant_id) ?? [], line.backordered, usable)
    if (taken.reduce((sum, { quantity }) => sum + quantity, 0) < line.backordered) return { id: line.id, expected_on: null, promised_from: null, promised_by: null }
    const arrival = arrivalOfAll(taken.map((supply) => arrivalOf(settings, line, locations.get(supply.location_id)!, supply)))
    return { id: line.id, expected_on: taken.at(-1)!.expected_on, promised_from: arrival?.earliest ?? null, promised_by: arrival?.latest ?? null }
  })
}

/** What comes on a day is received when the day begins. */
function arrivalOf(settings: Settings, line: WaitingLine, location: Location, { expected_on }: SupplyUnits): Arrival | undefined {
  const delivery = deliveryOf(settings, line)
  const departure = nextDeparture(location, instantOf(expected_on, '00:00', location.time_zone), { method: delivery.method })
  return departure === undefined ? undefined : arrivalFrom(settings.rate_table, delivery, location, departure.ships_on)
}

/** The lines of which something else is known now. */
export function changedExpectations(lines: readonly WaitingLine[], expectations: readonly Expectation[]): { line: WaitingLine; expectation: Expectation }[] {
  return lines.flatMap((line, index) => {
    const expectation = expectations[index]!
    const isSame = line.expected_on === expectation.expected_on && line.promised_from === expectation.promised_from && line.promised_by === expectation.promised_by
    return isSame ? [] : [{ line, expectation }]
  })
}
