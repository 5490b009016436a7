import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code, Id, Nullable, OneOf, Sku } from '../../platform/http/schemas.ts'
import { sql } from '../../platform/sql.ts'
import { extendReservation, releaseReservation } from './commands/end-reservations.ts'
import { reserveStock } from './commands/reserve.ts'
import { RESERVATION } from './reservation.ts'
import { viewReservation } from './reservation-view.ts'
import { readReservedUnits, reservationsInScope, RESERVATION_COLUMNS, type ReservationRow } from './reservations.db.ts'
import { Actions, Quantity, Reference, UnitsView } from './schemas.ts'

const Reservation = Type.Object({
  id: Type.String(), channel: Type.String(), status: OneOf(RESERVATION.states), reference: Nullable(Type.String()),
  expires_at: Type.String(), created_at: Type.String(), ended_at: Nullable(Type.String()), order_id: Nullable(Type.String()),
  lines: Type.Array(UnitsView), actions: Actions,
}, closed)

const Minutes = Type.Integer({ minimum: 1, maximum: 10_080, description: 'How long the units are held; the channel\'s own time where it is left out' })
const ReservationParams = Type.Object({ reservation_id: Id(ids.reservation) }, closed)

const postReservation = route({
  operation_id: 'createReservation', method: 'POST', url: '/v1/reservations', tag: 'inventory', permission: reserveStock.permission, summary: 'Reserve stock for a while',
  description: 'Holds all the units asked for, or none. Bundles hold their components; lines on one SKU are added up. Units come from the preferred locations first, then from where most can be sold.',
  body: Type.Object({
    channel: Code,
    lines: Type.Array(Type.Object({
      sku: Sku, quantity: Quantity, location: Type.Optional(Type.String({ ...Code, description: 'Take the units from here and nowhere else' })),
    }, closed), { minItems: 1, maxItems: 200 }),
    reference: Type.Optional(Reference),
    minutes: Type.Optional(Minutes),
    preferred_locations: Type.Optional(Type.Array(Code, { maxItems: 20 })),
  }, closed),
  reply: { status: 201, schema: Reservation }, problems: ['out_of_stock', 'busy'],
  handle: async ({ body, submit }) => submit(reserveStock, body),
})

const postExtension = route({
  operation_id: 'extendReservation', method: 'POST', url: '/v1/reservations/:reservation_id/extend', tag: 'inventory', permission: extendReservation.permission, summary: 'Hold reserved stock for longer',
  description: 'Counted from now. A reservation never ends earlier than before.',
  params: ReservationParams,
  body: Type.Object({ minutes: Type.Optional(Minutes) }, closed),
  reply: { status: 200, schema: Reservation }, problems: ['not_found', 'reservation_not_active'],
  handle: async ({ params, body, submit }) => submit(extendReservation, { reservation_id: ids.reservation.parse(params.reservation_id)!, ...body }),
})

const postRelease = route({
  operation_id: 'releaseReservation', method: 'POST', url: '/v1/reservations/:reservation_id/release', tag: 'inventory', permission: releaseReservation.permission, summary: 'Give reserved stock back',
  params: ReservationParams,
  body: Type.Object({}, closed),
  reply: { status: 200, schema: Reservation }, problems: ['not_found', 'reservation_not_active'],
  handle: async ({ params, submit }) => submit(releaseReservation, { reservation_id: ids.reservation.parse(params.reservation_id)! }),
})

const RESERVATIONS: ListSpec = {
  id: ids.reservation, id_sql: 'r.id', default_sort: '-created_at',
  fields: {
    created_at: { sql: 'r.created_at', type: 'timestamptz', sortable: true },
    expires_at: { sql: 'r.expires_at', type: 'timestamptz', sortable: true },
    status: { sql: 'r.status', type: 'text', values: RESERVATION.states },
    channel: { sql: 'c.code', type: 'text' },
    reference: { sql: 'r.reference', type: 'text' },
    id: { sql: 'r.id', type: 'text', id: ids.reservation },
    order_id: { sql: 'r.order_id', type: 'text', id: ids.order },
  },
}

type ListRow = ReservationRow & { cursor_id: string; cursor_value: string; channel: string }

const listReservations = route({
  operation_id: 'listReservations', method: 'GET', url: '/v1/reservations', tag: 'inventory', permission: 'inventory:read', summary: 'List reservations',
  query: listQuery(RESERVATIONS),
  reply: { status: 200, schema: pageOf(Reservation) },
  handle: async ({ query, db, caller }) => {
    const page = await readPage<ListRow>(db, RESERVATIONS, query, (cursor) => sql`
      select ${cursor}, ${RESERVATION_COLUMNS}, c.code as channel from reservations r join channels c on c.id = r.channel_id`, reservationsInScope(caller))
    const units = await readReservedUnits(db, page.data.map(({ id }) => id), caller.location_ids)
    return { ...page, data: page.data.map((row) => viewReservation(row, units.get(row.id) ?? [])) }
  },
})

const getReservation = route({
  operation_id: 'getReservation', method: 'GET', url: '/v1/reservations/:reservation_id', tag: 'inventory', permission: 'inventory:read', summary: 'Read a reservation',
  params: ReservationParams,
  reply: { status: 200, schema: Reservation }, problems: ['not_found'],
  handle: async ({ params, db, caller }) => {
    const id = ids.reservation.parse(params.reservation_id)!
    const where = sql.join([sql`r.id = ${id}`, ...reservationsInScope(caller)], ' and ')
    const row = await db.maybe<ReservationRow & { channel: string }>(sql`
      select ${RESERVATION_COLUMNS}, c.code as channel from reservations r join channels c on c.id = r.channel_id where ${where}`)
    if (row === undefined) throw refuse('not_found', 'There is no such reservation.')
    return viewReservation(row, (await readReservedUnits(db, [id], caller.location_ids)).get(id) ?? [])
  },
})

export const reservationRoutes: Route[] = [postReservation, postExtension, postRelease, listReservations, getReservation]
