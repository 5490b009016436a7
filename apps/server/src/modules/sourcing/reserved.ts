import type { SourcingAllocation, SourcingDemand } from '../orders/index.ts'
import type { ReservedAt } from './decision.ts'

/** Units that a reservation gives to the lines of its order. `location` is the code. */
export type Kept = SourcingAllocation & { location: string }

/**
 * What of its reservation an order takes: units stay where they are held, as far as lines want them and, for a pickup,
 * as far as they are where the customer comes. Answers the units kept, and the lines that still need a location.
 */
export function takeReserved({ delivery, pickup_location_id, reservation, lines }: SourcingDemand): { kept: Kept[]; rest: SourcingDemand['lines'] } {
  if (reservation === undefined) return { kept: [], rest: lines }
  const held = reservation.units.filter(({ location_id }) => delivery === 'ship' || location_id === pickup_location_id).map((units) => ({ ...units }))
  const kept: Kept[] = []
  const rest = lines.flatMap((line) => {
    let wanted = line.quantity
    for (const units of held) {
      const quantity = units.variant_id === line.variant_id ? Math.min(wanted, units.quantity) : 0
      if (quantity === 0) continue
      units.quantity -= quantity
      wanted -= quantity
      kept.push({ line_id: line.line_id, variant_id: line.variant_id, location_id: units.location_id, location: units.location, quantity })
    }
    return wanted === 0 ? [] : [{ ...line, quantity: wanted }]
  })
  return { kept, rest }
}

/** The units kept, as a decision record names them. */
export function recordKept(kept: readonly Kept[]): ReservedAt[] {
  const places = new Map<string, ReservedAt>()
  for (const { location, line_id, quantity } of kept) {
    const place = places.get(location) ?? { location, lines: [] }
    place.lines.push({ line_id, quantity })
    places.set(location, place)
  }
  return [...places.values()]
}
