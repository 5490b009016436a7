import { present } from '../../kernel/assert.ts'
import { invalid, refuse, Refusal } from '../../kernel/problem.ts'
import { sumByKey } from '../../kernel/quantity.ts'
import { localTime } from '../../kernel/time.ts'
import type { Address } from '../../platform/http/schemas.ts'
import { shipsOn, type Location } from '../locations/index.ts'
import type { OrderRow } from '../orders/index.ts'
import { chooseService, planParcels, priceShipment, routeBetween, unprintableCharacters, type Parcel, type PlannedParcel, type RateTable, type ShipmentDraft } from '../shipping/index.ts'
import { checkUnits, packChange, refusalOf, type Change, type LineUnits, type WorkLine, type WorkOrder } from './work.ts'

export type PackageInput = { weight_grams?: number | undefined; length_mm?: number | undefined; width_mm?: number | undefined; height_mm?: number | undefined; lines: readonly LineUnits[] }
export type PackRequest = { packages?: readonly PackageInput[] | undefined; service?: string | undefined }

/** What packing has to know beside the fulfillment order. */
export type PackFacts = { table: RateTable; location: Location; order: OrderRow }

/** A shipment to be, or null for goods that are picked up: they are packed without a label. */
export type Packing = { change: Change; shipment: Omit<ShipmentDraft, 'id'> | null }

/**
 * Packs all picked units into the boxes of the request, or into as few as the carrier's weight limit allows, and chooses
 * service and price. Boxes hold exactly what is picked.
 */
export function decidePack(work: WorkOrder, request: PackRequest, facts: PackFacts, at: Date): Packing | Refusal {
  const refusal = refusalOf(work, 'pack') ?? (request.packages === undefined ? undefined : checkPackages(work, request.packages))
  if (refusal !== undefined) return refusal
  const change = packChange(work, at)
  if (work.kind === 'pickup') return { change, shipment: null }
  const { table, location, order } = facts
  const ship_to = order.shipping_address
  if (ship_to === null) return refuse('no_ship_to', 'The order has no shipping address.')
  const unprintable = unprintableCharacters(ship_to)
  if (unprintable.length > 0) return refuse('address_not_printable', `Labels cannot show ${unprintable.slice(0, 20).join(' ')}. Write the order's shipping address in Latin letters and pack again.`, { characters: unprintable })
  const packages = request.packages === undefined ? planParcels(work.lines.flatMap((line) => unitsToPack(line)), table.max_weight_grams) : request.packages.map((box) => measure(work, box))
  const price = choosePrice(facts, request.service, ship_to, packages)
  if (price instanceof Refusal) return price
  return {
    change,
    shipment: {
      order_id: work.order_id, fulfillment_order_id: work.id, location_id: work.location_id, ship_from: { ...location.address, name: location.address.name ?? location.name }, ship_to,
      ship_on: shipsOn(location, at) ?? localTime(at, location.time_zone).date, price, packages, created_at: at, departed: false,
    },
  }
}

const toPack = (line: WorkLine): number => line.picked - line.packed

function unitsToPack(line: WorkLine) {
  return toPack(line) === 0 ? [] : [{ order_line_id: line.order_line_id, quantity: toPack(line), weight_grams: line.weight_grams }]
}

function checkPackages(work: WorkOrder, packages: readonly PackageInput[]): Refusal | undefined {
  if (work.kind === 'pickup') return invalid([{ pointer: '/packages', code: 'not_shipped', detail: 'Goods that are picked up have no boxes. Leave `packages` out.' }])
  for (const [index, { lines }] of packages.entries()) {
    const refusal = checkUnits(work, lines, `/packages/${index}/lines`, toPack)
    if (refusal !== undefined) return refusal
  }
  const packed = sumByKey(packages.flatMap(({ lines }) => lines), ({ order_line_id }) => order_line_id, ({ quantity }) => quantity)
  const wrong = work.lines.find((line) => (packed.get(line.order_line_id) ?? 0) !== toPack(line))
  if (wrong === undefined) return undefined
  return invalid([{ pointer: '/packages', code: 'not_everything', detail: `The boxes hold ${packed.get(wrong.order_line_id) ?? 0} of ${wrong.sku}, and ${toPack(wrong)} are picked. Put every picked unit into one box.` }])
}

function measure(work: WorkOrder, box: PackageInput): PlannedParcel {
  const weights = new Map(work.lines.map((line) => [line.order_line_id, line.weight_grams]))
  const merged = [...sumByKey(box.lines, ({ order_line_id }) => order_line_id, ({ quantity }) => quantity)].map(([order_line_id, quantity]) => ({ order_line_id, quantity }))
  return {
    weight_grams: box.weight_grams ?? merged.reduce((sum, { order_line_id, quantity }) => sum + quantity * present(weights.get(order_line_id), 'the lines were checked'), 0),
    length_mm: box.length_mm ?? null, width_mm: box.width_mm ?? null, height_mm: box.height_mm ?? null, lines: merged,
  }
}

function choosePrice({ table, location, order }: PackFacts, wanted: string | undefined, ship_to: Address, packages: readonly Parcel[]) {
  const service = wanted ?? chooseService(table, order.shipping_method)
  const price = priceShipment(table, service, routeBetween(location, ship_to), packages)
  if (price.outcome === 'priced') return price
  return refuse('no_rate', `The carrier does not take this with ${service}: ${price.detail} Choose another \`service\` or other boxes.`, { service, reason: price.code })
}
