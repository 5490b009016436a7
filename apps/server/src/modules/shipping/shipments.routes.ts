import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { invalid, refuse } from '../../kernel/problem.ts'
import { inScope, type Caller } from '../../platform/caller.ts'
import type { Queryable } from '../../platform/db.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Id, OneOf } from '../../platform/http/schemas.ts'
import { scopeConditions } from '../../platform/scope.ts'
import { sql } from '../../platform/sql.ts'
import { labelsOf, MEDIA_TYPES, renderLabels, renderSlips, type LabelFormat } from './documents.ts'
import { readShipmentViews, ShipmentSchema } from './shipment-view.ts'
import { findPackage, findShipments, nameShipments, type ShipmentRow } from './shipping.db.ts'
import { SHIPMENT_STATES } from './tracking.ts'

export const ShipmentParams = Type.Object({ shipment_id: Id(ids.shipment) }, closed)

const SHIPMENTS: ListSpec = {
  id: ids.shipment, id_sql: 's.id', default_sort: '-created_at',
  fields: {
    created_at: { sql: 's.created_at', type: 'timestamptz', sortable: true },
    status: { sql: 's.status', type: 'text', values: SHIPMENT_STATES },
    location: { sql: 'l.code', type: 'text' },
    order_id: { sql: 's.order_id', type: 'text', id: ids.order },
    fulfillment_order_id: { sql: 's.fulfillment_order_id', type: 'text', id: ids.fulfillment_order },
    service: { sql: 's.service', type: 'text' },
    shipped_at: { sql: 's.shipped_at', type: 'timestamptz' },
  },
  search: (q) => sql`s.id in (
    select shipment_id from packages where tracking_number = ${q.replaceAll(/[\s-]/g, '').toUpperCase()}
    union all select f.id from shipments f join orders fo on fo.id = f.order_id where fo.number = ${q.trim().toUpperCase()})`,
}

/** The shipments of a request in its order. Those outside the caller's channels and locations do not exist. */
export async function requireShipments(db: Queryable, caller: Caller, shipmentIds: readonly string[], pointer?: string): Promise<ShipmentRow[]> {
  const rows = new Map((await findShipments(db, shipmentIds)).map((row) => [row.id, row]))
  const names = await nameShipments(db, shipmentIds)
  return shipmentIds.map((id, index) => {
    const row = rows.get(id)
    if (row !== undefined && inScope(caller, { channel_id: names.get(id)!.channel_id, location_id: row.location_id })) return row
    if (pointer === undefined) throw refuse('not_found', 'There is no such shipment.')
    throw invalid([{ pointer: `${pointer}/${index}`, code: 'unknown_shipment', detail: `There is no shipment ${ids.shipment.show(id)}.` }])
  })
}

const list = route({
  operation_id: 'listShipments', method: 'GET', url: '/v1/shipments', tag: 'shipping', permission: 'shipping:read', summary: 'List and find shipments',
  description: '`q` is a tracking number or an order number.',
  query: listQuery(SHIPMENTS), reply: { status: 200, schema: pageOf(ShipmentSchema) },
  handle: async ({ query, db, caller }) => {
    const page = await readPage<{ cursor_id: string; cursor_value: string }>(
      db, SHIPMENTS, query, (cursor) => sql`select ${cursor} from shipments s join orders o on o.id = s.order_id join locations l on l.id = s.location_id`, scopeConditions(caller, { channel_id: sql`o.channel_id`, location_id: sql`s.location_id` }),
    )
    return { ...page, data: await readShipmentViews(db, page.data.map(({ cursor_id }) => cursor_id)) }
  },
})

const get = route({
  operation_id: 'getShipment', method: 'GET', url: '/v1/shipments/:shipment_id', tag: 'shipping', permission: 'shipping:read', summary: 'One shipment with its boxes and what the carrier reported',
  params: ShipmentParams, reply: { status: 200, schema: ShipmentSchema }, problems: ['not_found'],
  handle: async ({ params, db, caller }) => {
    const [shipment] = await requireShipments(db, caller, [ids.shipment.parse(params.shipment_id)!])
    return (await readShipmentViews(db, [shipment!.id]))[0]!
  },
})

const LabelOptions = {
  format: Type.Optional(OneOf(['pdf', 'zpl'], { default: 'pdf' })),
  size: Type.Optional(OneOf(['4x6', '100x150'], { default: '4x6' })),
  dpi: Type.Optional(Type.Unsafe<203 | 300>({ type: 'integer', enum: [203, 300], default: 203, description: 'Of the label printer; for ZPL' })),
}

function labelFormat({ format, size, dpi }: { format?: 'pdf' | 'zpl'; size?: '4x6' | '100x150'; dpi?: 203 | 300 }): LabelFormat {
  return format === 'zpl' ? { format, size: size ?? '4x6', dpi: dpi ?? 203 } : { format: 'pdf', size: size ?? '4x6' }
}

const getLabel = route({
  operation_id: 'getPackageLabel', method: 'GET', url: '/v1/packages/:package_id/label', tag: 'shipping', permission: 'shipping:read', summary: 'The label of a box',
  description: 'Every print is the same. A voided label is not printed.',
  params: Type.Object({ package_id: Id(ids.package) }, closed), query: Type.Object(LabelOptions, closed), reply: { status: 200 }, sends: Object.values(MEDIA_TYPES), problems: ['not_found', 'label_voided'],
  handle: async ({ params, query, db, caller, header }) => {
    const box = await findPackage(db, ids.package.parse(params.package_id)!)
    if (box === undefined) throw refuse('not_found', 'There is no such package.')
    const [shipment] = await requireShipments(db, caller, [box.shipment_id])
    const label = (await labelsOf(db, [shipment!])).find(({ package_id }) => package_id === box.id)
    if (label === undefined) throw refuse('not_found', 'The package has no label.')
    if (label.voided) throw refuse('label_voided', 'The label is voided. Pack again for a new one.')
    const options = labelFormat(query)
    header('content-type', MEDIA_TYPES[options.format])
    return renderLabels([label], options)
  },
})

const ShipmentIds = Type.Array(Id(ids.shipment), { minItems: 1, maxItems: 200, uniqueItems: true })

const printLabels = route({
  operation_id: 'printLabels', method: 'POST', url: '/v1/labels/print', tag: 'shipping', permission: 'shipping:read', summary: 'The labels of many shipments in one document, in the order given',
  body: Type.Object({ shipment_ids: ShipmentIds, ...LabelOptions }, closed), reply: { status: 200 }, sends: Object.values(MEDIA_TYPES), problems: ['label_voided'],
  handle: async ({ body, db, caller, header }) => {
    const shipments = await requireShipments(db, caller, body.shipment_ids.map((id) => ids.shipment.parse(id)!), '/shipment_ids')
    const voided = shipments.filter(({ status }) => status === 'voided').map(({ id }) => ids.shipment.show(id))
    if (voided.length > 0) throw refuse('label_voided', `The labels of ${voided.join(', ')} are voided. Leave them out.`, { shipment_ids: voided })
    const options = labelFormat(body)
    header('content-type', MEDIA_TYPES[options.format])
    return renderLabels(await labelsOf(db, shipments), options)
  },
})

const PaperOption = { size: Type.Optional(OneOf(['a4', 'letter'], { default: 'a4' })) }

const getSlip = route({
  operation_id: 'getPackingSlip', method: 'GET', url: '/v1/shipments/:shipment_id/packing-slip', tag: 'shipping', permission: 'shipping:read', summary: 'The packing slips of a shipment, one for each box, without prices',
  params: ShipmentParams, query: Type.Object(PaperOption, closed), reply: { status: 200 }, sends: 'application/pdf', problems: ['not_found'],
  handle: async ({ params, query, db, caller, header }) => {
    const [shipment] = await requireShipments(db, caller, [ids.shipment.parse(params.shipment_id)!])
    header('content-type', MEDIA_TYPES.pdf)
    return renderSlips(db, [shipment!.id], query.size ?? 'a4')
  },
})

const printSlips = route({
  operation_id: 'printPackingSlips', method: 'POST', url: '/v1/packing-slips', tag: 'shipping', permission: 'shipping:read', summary: 'The packing slips of many shipments in one document, in the order given',
  body: Type.Object({ shipment_ids: ShipmentIds, ...PaperOption }, closed), reply: { status: 200 }, sends: 'application/pdf',
  handle: async ({ body, db, caller, header }) => {
    const shipments = await requireShipments(db, caller, body.shipment_ids.map((id) => ids.shipment.parse(id)!), '/shipment_ids')
    header('content-type', MEDIA_TYPES.pdf)
    return renderSlips(db, shipments.map(({ id }) => id), body.size ?? 'a4')
  },
})

export const shipmentRoutes: Route[] = [list, get, getLabel, printLabels, getSlip, printSlips]
