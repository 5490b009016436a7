import { command } from '../../../platform/command.ts'
import { replacePostalAreas as writePostalAreas, type PostalArea } from '../postal-areas.db.ts'
import { requireUnconfined } from '../scope.ts'

export type ReplacePostalAreas = { country: string; areas: readonly PostalArea[] }

/** Makes these the postal areas of a country. Distances of orders and promises follow at once. */
export const replacePostalAreas = command('locations.replace_postal_areas', 'locations:write', async ({ tx, caller, emit }, { country, areas }: ReplacePostalAreas): Promise<{ country: string; areas: number; areas_before: number }> => {
  requireUnconfined(caller)
  const { before } = await writePostalAreas(tx, country, areas)
  emit({ type: 'postal_areas.replaced', data: { country, areas: areas.length } })
  return { country, areas: areas.length, areas_before: before }
})
