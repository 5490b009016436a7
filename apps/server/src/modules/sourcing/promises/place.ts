import { locate, type Address, type Settings } from '../queries/settings.ts'
import type { PlaceView } from './promise-view.ts'

/** What is known of the place, and what follows where nothing is. */
export function viewPlace(settings: Pick<Settings, 'places'>, address: Address): PlaceView {
  const { country, postal_code } = address
  const found = locate(settings, address)
  const located_by = found?.by ?? 'nothing'
  return { country, postal_code: postal_code ?? null, latitude: found?.coordinates.latitude ?? null, longitude: found?.coordinates.longitude ?? null, located_by, note: noteOn(address, located_by) }
}

const UNKNOWN = 'Distances are not known, and times are those of the farthest places in the country.'

function noteOn({ postal_code, city }: Address, locatedBy: PlaceView['located_by']): string | null {
  if (locatedBy === 'nothing') return `${postal_code === undefined ? 'It was not said where in the country the place lies' : `Nobody has said where postal code ${postal_code} lies`}. ${UNKNOWN}`
  if (locatedBy === 'city' && postal_code !== undefined) return `Nobody has said where postal code ${postal_code} lies: distances are those of ${city}.`
  return null
}
