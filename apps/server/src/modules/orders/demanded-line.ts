import type { OrderLineRow } from './orders.db.ts'

/** Units of a line that need a location. `set` is shared by lines that were bought as one: the components of a bundle. */
export type DemandedLine = { line_id: string; line_number: number; variant_id: string; sku: string; quantity: number; weight_grams: number; unit_price: bigint; set: string | null }

export function demandLine({ id, line_number, variant_id, sku, unit_price, bundle }: OrderLineRow, quantity: number, weight_grams: number): DemandedLine {
  return { line_id: id, line_number, variant_id, sku, quantity, weight_grams, unit_price, set: bundle === null ? null : String(bundle.input_line) }
}
