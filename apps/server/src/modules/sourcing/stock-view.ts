import { assert, present } from '../../kernel/assert.ts'

export type StockLevel = {
  variant_id: string
  location_id: string
  available: number
  safety_stock: number
  /** Units sold there a day, for ranking by days of cover; null where unknown. */
  daily_demand: number | null
  /** Hours since somebody counted it; null where nobody did or no rule asks. */
  stock_age_hours?: number | null
  /** What keeping the last unit there is worth, in minor units; nothing where it was not learned or no rule asks. */
  shadow_price?: number | null
}

/**
 * Sellable units by variant and location: a working copy in memory that the orders of a batch consume one after
 * the other. A dense table, because planning reads whole rows of it. Nothing here is a claim on real stock; the
 * database confirms that.
 */
export type StockView = {
  rows: ReadonlyMap<string, number>
  columns: ReadonlyMap<string, number>
  /** `row * columns.size + column`. */
  sellable: Float64Array
  /** The same as it was read: what is taken since does not change what a unit there is worth. */
  read: Float64Array
  /** NaN where unknown. */
  daily_demand: Float64Array
  /** NaN where it was never counted; null where nothing is known of any. */
  age_hours: Float64Array | null
  shadow_price: Float64Array
  /** Units of each variant that accepted orders wait for; grows as orders of the batch are backordered. */
  queued: Map<string, number>
}

/** A pair of variant and location without a level has no stock. Of two levels for one pair the last one counts. */
export function createStockView(levels: readonly StockLevel[], queued: ReadonlyMap<string, number> = new Map()): StockView {
  const rows = new Map<string, number>()
  const columns = new Map<string, number>()
  for (const { variant_id, location_id } of levels) {
    if (!rows.has(variant_id)) rows.set(variant_id, rows.size)
    if (!columns.has(location_id)) columns.set(location_id, columns.size)
  }
  const sellable = new Float64Array(rows.size * columns.size)
  const daily_demand = new Float64Array(sellable.length).fill(Number.NaN)
  const age_hours = levels.some((level) => (level.stock_age_hours ?? null) !== null) ? new Float64Array(sellable.length).fill(Number.NaN) : null
  const shadow_price = new Float64Array(sellable.length)
  for (const level of levels) {
    const cell = rows.get(level.variant_id)! * columns.size + columns.get(level.location_id)!
    sellable[cell] = Math.max(0, level.available - level.safety_stock)
    daily_demand[cell] = level.daily_demand ?? Number.NaN
    shadow_price[cell] = level.shadow_price ?? 0
    if (age_hours !== null) age_hours[cell] = level.stock_age_hours ?? Number.NaN
  }
  return { rows, columns, sellable, read: sellable.slice(), daily_demand, age_hours, shadow_price, queued: new Map(queued) }
}

/** An independent copy: plans tried on it leave the original as it was. */
export function copyStockView(stock: StockView): StockView {
  return { ...stock, sellable: stock.sellable.slice(), queued: new Map(stock.queued) }
}

export function sellableAt(stock: StockView, variant_id: string, location_id: string): number {
  const cell = findCell(stock, variant_id, location_id)
  return cell === undefined ? 0 : stock.sellable[cell]!
}

/** Takes units that the caller has seen to be there; taking more is a bug. */
export function takeStock(stock: StockView, variant_id: string, location_id: string, quantity: number): void {
  assert(Number.isInteger(quantity) && quantity > 0, 'units are taken in positive whole numbers')
  const cell = present(findCell(stock, variant_id, location_id), 'units are taken where there is a stock level')
  assert(stock.sellable[cell]! >= quantity, 'no more units are taken than are sellable')
  stock.sellable[cell]! -= quantity
}

/** Puts back what `takeStock` took, for an order that is refused after it was planned. */
export function giveBackStock(stock: StockView, taken: readonly { variant_id: string; location_id: string; quantity: number }[]): void {
  for (const { variant_id, location_id, quantity } of taken) {
    assert(Number.isInteger(quantity) && quantity > 0, 'units are given back in positive whole numbers')
    const cell = present(findCell(stock, variant_id, location_id), 'units are given back where there is a stock level')
    stock.sellable[cell]! += quantity
  }
}

/** The figures as they stand, without the zeros. */
export function snapshotStock(stock: StockView): { variant_id: string; location_id: string; sellable: number }[] {
  return Array.from(stock.rows).flatMap(([variant_id, row]) =>
    Array.from(stock.columns)
      .map(([location_id, column]) => ({ variant_id, location_id, sellable: stock.sellable[row * stock.columns.size + column]! }))
      .filter(({ sellable }) => sellable > 0),
  )
}

function findCell(stock: StockView, variant_id: string, location_id: string): number | undefined {
  const row = stock.rows.get(variant_id)
  const column = stock.columns.get(location_id)
  return row === undefined || column === undefined ? undefined : row * stock.columns.size + column
}
