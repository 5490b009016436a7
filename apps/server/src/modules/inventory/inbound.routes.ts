import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import { inScope } from '../../platform/caller.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code, Id, OneOf, PlainDate, Sku } from '../../platform/http/schemas.ts'
import { sql } from '../../platform/sql.ts'
import { cancelInbound, expectInbound, receiveInbound, rescheduleInbound } from './commands/inbound.ts'
import { INBOUND, viewInbound } from './inbound.ts'
import { findInbound, inboundInScope, INBOUND_SELECT, type InboundRow } from './inbound.db.ts'
import { Actions, Quantity, Reference } from './schemas.ts'

const Inbound = Type.Object({
  id: Type.String(), location: Type.String(), sku: Type.String(), quantity: Type.Integer(), received: Type.Integer(),
  outstanding: Type.Integer({ description: 'Units still to come' }), expected_on: Type.String(), reference: Type.String(),
  status: OneOf(INBOUND.states), created_at: Type.String(), actions: Actions,
}, closed)
const InboundParams = Type.Object({ inbound_id: Id(ids.inbound) }, closed)

const postInbound = route({
  operation_id: 'expectInboundSupply', method: 'POST', url: '/v1/inbound-supplies', tag: 'inventory', permission: expectInbound.permission, summary: 'Announce goods that are on their way',
  description: 'They can be promised from the day on which they are expected.',
  body: Type.Object({ location: Code, sku: Sku, quantity: Quantity, expected_on: PlainDate, reference: Type.Optional(Reference) }, closed),
  reply: { status: 201, schema: Inbound },
  handle: async ({ body, run }) => run(expectInbound, body),
})

const postInboundReceipt = route({
  operation_id: 'receiveInboundSupply', method: 'POST', url: '/v1/inbound-supplies/:inbound_id/receive', tag: 'inventory', permission: receiveInbound.permission, summary: 'Receive announced goods',
  description: 'In parts if they come in parts. More may come than was announced.',
  params: InboundParams, body: Type.Object({ quantity: Quantity }, closed),
  reply: { status: 200, schema: Inbound }, problems: ['not_found', 'inbound_closed'],
  handle: async ({ params, body, run }) => run(receiveInbound, { inbound_id: ids.inbound.parse(params.inbound_id)!, quantity: body.quantity }),
})

const postInboundReschedule = route({
  operation_id: 'rescheduleInboundSupply', method: 'POST', url: '/v1/inbound-supplies/:inbound_id/reschedule', tag: 'inventory', permission: rescheduleInbound.permission, summary: 'Change the day on which goods are expected',
  params: InboundParams, body: Type.Object({ expected_on: PlainDate }, closed),
  reply: { status: 200, schema: Inbound }, problems: ['not_found', 'inbound_closed'],
  handle: async ({ params, body, run }) => run(rescheduleInbound, { inbound_id: ids.inbound.parse(params.inbound_id)!, expected_on: body.expected_on }),
})

const postInboundCancel = route({
  operation_id: 'cancelInboundSupply', method: 'POST', url: '/v1/inbound-supplies/:inbound_id/cancel', tag: 'inventory', permission: cancelInbound.permission, summary: 'No longer expect the rest of a supply',
  params: InboundParams, body: Type.Object({}, closed),
  reply: { status: 200, schema: Inbound }, problems: ['not_found', 'inbound_closed'],
  handle: async ({ params, run }) => run(cancelInbound, { inbound_id: ids.inbound.parse(params.inbound_id)! }),
})

const INBOUNDS: ListSpec = {
  id: ids.inbound, id_sql: 'i.id', default_sort: 'expected_on',
  fields: {
    expected_on: { sql: 'i.expected_on', type: 'date', sortable: true },
    created_at: { sql: 'i.created_at', type: 'timestamptz', sortable: true },
    status: { sql: 'i.status', type: 'text', values: INBOUND.states },
    sku: { sql: 'v.sku', type: 'text' },
    location: { sql: 'l.code', type: 'text' },
    reference: { sql: 'i.reference', type: 'text' },
  },
}

const listInbounds = route({
  operation_id: 'listInboundSupplies', method: 'GET', url: '/v1/inbound-supplies', tag: 'inventory', permission: 'inventory:read', summary: 'List goods on their way',
  query: listQuery(INBOUNDS),
  reply: { status: 200, schema: pageOf(Inbound) },
  handle: async ({ query, db, caller }) => {
    const page = await readPage<InboundRow & { cursor_id: string; cursor_value: string }>(db, INBOUNDS, query, (cursor) => sql`select ${cursor}, ${INBOUND_SELECT}`, inboundInScope(caller))
    return { ...page, data: page.data.map(viewInbound) }
  },
})

const getInbound = route({
  operation_id: 'getInboundSupply', method: 'GET', url: '/v1/inbound-supplies/:inbound_id', tag: 'inventory', permission: 'inventory:read', summary: 'Read an inbound supply',
  params: InboundParams,
  reply: { status: 200, schema: Inbound }, problems: ['not_found'],
  handle: async ({ params, db, caller }) => {
    const row = await findInbound(db, ids.inbound.parse(params.inbound_id)!)
    if (row === undefined || !inScope(caller, { location_id: row.location_id })) throw refuse('not_found', 'There is no such inbound supply.')
    return viewInbound(row)
  },
})

export const inboundRoutes: Route[] = [postInbound, postInboundReceipt, postInboundReschedule, postInboundCancel, listInbounds, getInbound]
