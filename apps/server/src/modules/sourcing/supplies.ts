import type { PlainDate } from '../../kernel/time.ts'

/** Units that are on their way to a location. */
export type SupplyUnits = { location_id: string; expected_on: PlainDate; quantity: number }

/** What comes on each of the days beyond what is there, where `wholeBy` tells how many there are in all by a day. */
export function stepsBy(now: number, dates: readonly PlainDate[], wholeBy: (date: PlainDate) => number): { expected_on: PlainDate; quantity: number }[] {
  let promised = now
  return [...new Set(dates)].sort().flatMap((expected_on) => {
    const quantity = wholeBy(expected_on) - promised
    promised += quantity
    return quantity === 0 ? [] : [{ expected_on, quantity }]
  })
}

/** Takes units out of supplies, which are in the order of their dates and are used up. Answers what was taken; it is less where less comes. */
export function takeSupplies(supplies: readonly SupplyUnits[], wanted: number, usable: (supply: SupplyUnits) => boolean): SupplyUnits[] {
  const taken: SupplyUnits[] = []
  let left = wanted
  for (const supply of supplies) {
    if (left === 0) break
    const quantity = usable(supply) ? Math.min(left, supply.quantity) : 0
    if (quantity === 0) continue
    supply.quantity -= quantity
    left -= quantity
    taken.push({ ...supply, quantity })
  }
  return taken
}
