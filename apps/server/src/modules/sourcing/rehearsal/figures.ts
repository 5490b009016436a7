/** The places of locations in rows of figures. A location that turns up later gets the next place. */
export type Places = Map<string, number>

/** A figure for each variant and location, in rows by variant: most are read a whole row at a time. */
export type Figures = { places: Places; rows: Map<string, Int32Array> }

export function createFigures(places: Places): Figures {
  return { places, rows: new Map() }
}

export function figureAt({ places, rows }: Figures, variant_id: string, location_id: string): number {
  return rows.get(variant_id)?.[places.get(location_id) ?? -1] ?? 0
}

export function addFigure(figures: Figures, variant_id: string, location_id: string, units: number): void {
  const place = placeOf(figures, location_id)
  rowOf(figures, variant_id)[place]! += units
}

export function setFigure(figures: Figures, variant_id: string, location_id: string, units: number): void {
  const place = placeOf(figures, location_id)
  rowOf(figures, variant_id)[place] = units
}

function placeOf({ places }: Figures, location_id: string): number {
  const known = places.get(location_id)
  if (known !== undefined) return known
  places.set(location_id, places.size)
  return places.size - 1
}

function rowOf({ places, rows }: Figures, variant_id: string): Int32Array {
  let row = rows.get(variant_id)
  if (row !== undefined && row.length === places.size) return row
  const grown = new Int32Array(places.size)
  if (row !== undefined) grown.set(row)
  rows.set(variant_id, (row = grown))
  return row
}
