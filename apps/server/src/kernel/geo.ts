export type Coordinates = { latitude: number; longitude: number }

const EARTH_RADIUS_KM = 6371.0088
const toRadians = (degrees: number): number => (degrees * Math.PI) / 180

/** Great-circle distance in kilometers (haversine; good to 0.5 %). */
export function distanceKm(a: Coordinates, b: Coordinates): number {
  const latitude = toRadians(b.latitude - a.latitude)
  const longitude = toRadians(b.longitude - a.longitude)
  const h = Math.sin(latitude / 2) ** 2 + Math.cos(toRadians(a.latitude)) * Math.cos(toRadians(b.latitude)) * Math.sin(longitude / 2) ** 2
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)))
}
