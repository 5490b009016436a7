import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { invalid } from '../../kernel/problem.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Command } from '../../platform/command.ts'
import { listQuery, pageOf } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code, Id, IdOrNumber, Money, OneOf, Sku } from '../../platform/http/schemas.ts'
import { findOrder, OrderParams } from '../orders/index.ts'
import { isVisible, requireOrderOfReturn, requireReturn } from './access.ts'
import { closeReturn } from './commands/close-return.ts'
import { approveReturn, cancelReturn, declineReturn, markInTransit, type DecideRequest } from './commands/decide-request.ts'
import { inspectReturn, receiveReturn } from './commands/receive-return.ts'
import { previewRefund, refundReturn, viewRefund } from './commands/refund-return.ts'
import { requestReturn } from './commands/request-return.ts'
import { listReturns, RETURNS, ReturnSummary } from './list-returns.ts'
import { previewReturn } from './queries/preview-return.ts'
import { DISPOSITIONS, RETURN_REASONS, type ReturnAsk } from './return.ts'
import { readReturnViews, ReturnSchema, type ReturnView } from './return-view.ts'
import { linesOfReturns, returnsOfOrder } from './returns.db.ts'

const ReturnParams = Type.Object({ return_id: IdOrNumber(ids.return) }, closed)
const Quantity = Type.Integer({ minimum: 1, maximum: 1_000_000 })
const LineId = Id(ids.line)
const Note = Type.Optional(Type.String({ maxLength: 2_000 }))
const MAX_LINES = 500

const AskLine = Type.Object({
  line_id: Type.Optional(LineId), sku: Type.Optional(Sku), quantity: Quantity,
  reason: Type.Optional(OneOf(RETURN_REASONS, { default: 'unwanted' })),
}, { ...closed, description: 'A line of the order by `line_id`, or a `sku` wherever the order has it: one of them' })

type AskInput = { line_id?: string; sku?: string; quantity: number; reason?: ReturnAsk['reason'] }

function readAsks(lines: readonly AskInput[]): ReturnAsk[] {
  const wrong = lines.flatMap(({ line_id, sku }, index) => ((line_id === undefined) === (sku === undefined) ? [index] : []))
  if (wrong.length > 0) throw invalid(wrong.map((index) => ({ pointer: `/lines/${index}`, code: 'required', detail: 'Name a line of the order by `line_id` or by `sku`, one of them.' })))
  return lines.map(({ line_id, sku, quantity, reason }, index) => ({ index, line_id: line_id === undefined ? undefined : ids.line.parse(line_id)!, sku, quantity, reason: reason ?? 'unwanted' }))
}

const list = route({
  operation_id: 'listReturns', method: 'GET', url: '/v1/returns', tag: 'returns', permission: 'returns:read', summary: 'List and search returns',
  description: '`q` finds the number of the return, of its order, and what the channel calls either.',
  query: listQuery(RETURNS), reply: { status: 200, schema: pageOf(ReturnSummary) },
  handle: async ({ query, db, caller }) => listReturns(db, query, caller),
})

const get = route({
  operation_id: 'getReturn', method: 'GET', url: '/v1/returns/:return_id', tag: 'returns', permission: 'returns:read', summary: 'One return, with what may be done with it now',
  params: ReturnParams, reply: { status: 200, schema: ReturnSchema }, problems: ['not_found'],
  handle: async ({ params, db, caller, etag }) => {
    const row = await requireReturn(db, caller, params.return_id)
    etag(row.version)
    return (await readReturnViews(db, [row.id])).get(row.id)!
  },
})

const listOfOrder = route({
  operation_id: 'listOrderReturns', method: 'GET', url: '/v1/orders/:order_id/returns', tag: 'returns', permission: 'returns:read', summary: 'The returns of an order, the oldest first',
  params: OrderParams, reply: { status: 200, schema: Type.Object({ data: Type.Array(ReturnSchema) }, closed) }, problems: ['not_found'],
  handle: async ({ params, db, caller }) => {
    const order = await requireOrderOfReturn(db, caller, params.order_id)
    const rows = (await returnsOfOrder(db, order.id)).filter((row) => isVisible(caller, order, row))
    const views = await readReturnViews(db, rows.map(({ id }) => id))
    return { data: rows.map(({ id }) => views.get(id)!) }
  },
})

const post = route({
  operation_id: 'requestReturn', method: 'POST', url: '/v1/orders/:order_id/returns', tag: 'returns', permission: requestReturn.permission, summary: 'Announce goods that come back',
  description: 'Any channel takes back what any channel sold: whoever may announce returns finds every order by its exact number. Inside the return window of the selling channel the return is approved at once; after it, it waits for somebody\'s approval.',
  params: OrderParams,
  body: Type.Object({
    channel: Code, lines: Type.Array(AskLine, { minItems: 1, maxItems: MAX_LINES }), location: Type.Optional(Code),
    external_id: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'The channel\'s own number. Sending it again with the same content answers with the return that exists.' })),
    note: Note,
  }, closed),
  reply: { status: 201, schema: ReturnSchema }, problems: ['not_found', 'return_not_allowed', 'external_id_conflict'],
  handle: async ({ params, body, db, caller, run }) => {
    const order = await requireOrderOfReturn(db, caller, params.order_id)
    return run(requestReturn, { order_id: order.id, channel: body.channel, lines: readAsks(body.lines), location: body.location, external_id: body.external_id, note: body.note ?? '' })
  },
})

const PreviewSchema = Type.Object({
  status: OneOf(['approved', 'requested'], { description: 'What the return would be: approved at once, or waiting for approval because the window has passed' }),
  late_line_ids: Type.Array(Type.String(), { description: 'Lines whose window has passed' }),
  lines: Type.Array(Type.Object({ line_id: Type.String(), sku: Type.String(), description: Type.String(), quantity: Type.Integer(), returnable: Type.Integer(), refund: Money }, closed)),
  goods: Money, shipping: Money, total: Money,
}, closed)

/** The window of a return depends on the day, so the preview needs the clock that commands have anyway. */
const previewRoute = (clock: Clock): Route => route({
  operation_id: 'previewReturn', method: 'POST', url: '/v1/orders/:order_id/returns/preview', tag: 'returns', permission: 'returns:read', summary: 'What a return would be and pay back, without taking it',
  params: OrderParams,
  body: Type.Object({ lines: Type.Optional(Type.Array(AskLine, { minItems: 1, maxItems: MAX_LINES, description: 'Left out means everything that could come back' })), include_shipping: Type.Optional(Type.Boolean({ default: false })) }, closed),
  reply: { status: 200, schema: PreviewSchema }, problems: ['not_found', 'return_not_allowed'],
  handle: async ({ params, body, db, caller }) => {
    const order = await requireOrderOfReturn(db, caller, params.order_id)
    return previewReturn(db, order, body.lines === undefined ? undefined : readAsks(body.lines), body.include_shipping ?? false, clock.now(new Date()))
  },
})

/** A route of a step that a person takes by hand. */
function stepRoute(operation_id: string, verb: string, summary: string, command: Command<DecideRequest, ReturnView>): Route {
  return route({
    operation_id, method: 'POST', url: `/v1/returns/:return_id/${verb}`, tag: 'returns', permission: command.permission, summary,
    params: ReturnParams, body: Type.Object({ note: Note }, closed),
    reply: { status: 200, schema: ReturnSchema }, problems: ['not_found', 'return_state'],
    handle: async ({ params, body, db, caller, run }) => {
      const { id } = await requireReturn(db, caller, params.return_id)
      return run(command, { return_id: id, note: body.note ?? '' })
    },
  })
}

const receive = route({
  operation_id: 'receiveReturn', method: 'POST', url: '/v1/returns/:return_id/receive', tag: 'returns', permission: receiveReturn.permission, summary: 'Take goods in, all at once or bit by bit',
  description: 'Without `lines` everything that is missing arrives. Units with a `disposition` are graded in the same call. `refund` is true by default where everything that arrives is graded, so that a returns desk needs one call. Where the money of the order is not captured yet, the refund waits for it and is paid by itself: `waits_for_capture` of the answer says so.',
  params: ReturnParams,
  body: Type.Object({
    location: Code,
    lines: Type.Optional(Type.Array(Type.Object({ line_id: LineId, quantity: Quantity, disposition: Type.Optional(OneOf(DISPOSITIONS)) }, closed), { minItems: 1, maxItems: MAX_LINES })),
    disposition: Type.Optional(OneOf(DISPOSITIONS, { description: 'Of all units whose line does not say its own' })),
    refund: Type.Optional(Type.Boolean()),
    include_shipping: Type.Optional(Type.Boolean({ default: false, description: 'Also pay back what was paid for shipping; needs payments:refund' })),
  }, closed),
  reply: { status: 200, schema: ReturnSchema }, problems: ['not_found', 'return_state', 'return_not_allowed', 'receipt_exceeds_return', 'return_at_other_location'],
  handle: async ({ params, body, db, caller, run }) => {
    const { id } = await requireReturn(db, caller, params.return_id)
    const lines = body.lines?.map(({ line_id, quantity, disposition }) => ({ line_id: ids.line.parse(line_id)!, quantity, disposition: disposition ?? body.disposition }))
    return run(receiveReturn, { return_id: id, location: body.location, lines, disposition: body.disposition, refund: body.refund, include_shipping: body.include_shipping ?? false })
  },
})

const inspect = route({
  operation_id: 'inspectReturn', method: 'POST', url: '/v1/returns/:return_id/inspect', tag: 'returns', permission: inspectReturn.permission, summary: 'Say where received units go',
  params: ReturnParams,
  body: Type.Object({ lines: Type.Array(Type.Object({ line_id: LineId, quantity: Quantity, disposition: OneOf(DISPOSITIONS) }, closed), { minItems: 1, maxItems: MAX_LINES }) }, closed),
  reply: { status: 200, schema: ReturnSchema }, problems: ['not_found', 'inspection_exceeds_receipt'],
  handle: async ({ params, body, db, caller, run }) => {
    const { id } = await requireReturn(db, caller, params.return_id)
    return run(inspectReturn, { return_id: id, lines: body.lines.map(({ line_id, ...line }) => ({ line_id: ids.line.parse(line_id)!, ...line })) })
  },
})

const RefundBody = Type.Object({
  line_ids: Type.Optional(Type.Array(LineId, { minItems: 1, maxItems: MAX_LINES, uniqueItems: true, description: 'Lines that are settled now; left out means all' })),
  amount: Type.Optional(Money),
  include_shipping: Type.Optional(Type.Boolean({ default: false, description: 'Also what was paid for shipping and not paid back yet' })),
}, { ...closed, description: 'Without `amount` received units get their share of what the customer paid. A smaller `amount` settles them too: the rest is kept for good.' })

const readRefund = (body: { line_ids?: string[]; amount?: { amount: string; currency: string }; include_shipping?: boolean }) =>
  ({ line_ids: body.line_ids?.map((id) => ids.line.parse(id)!), amount: body.amount, include_shipping: body.include_shipping ?? false })

const refund = route({
  operation_id: 'refundReturn', method: 'POST', url: '/v1/returns/:return_id/refund', tag: 'returns', permission: refundReturn.permission, summary: 'Pay back what received units are owed',
  description: 'For those who may take returns in (returns:receive) or refund (payments:refund). An `amount` of one\'s own, and shipping, need payments:refund.',
  params: ReturnParams, body: RefundBody,
  reply: { status: 200, schema: ReturnSchema }, problems: ['not_found', 'return_state', 'refund_exceeds_return', 'nothing_to_refund'],
  handle: async ({ params, body, db, caller, run }) => {
    const { id } = await requireReturn(db, caller, params.return_id)
    return run(refundReturn, { return_id: id, ...readRefund(body) })
  },
})

const RefundPreview = Type.Object({
  lines: Type.Array(Type.Object({ line_id: Type.String(), refund: Money, withheld: Money }, closed)), goods: Money, shipping: Money, total: Money,
}, closed)

const refundPreview = route({
  operation_id: 'previewReturnRefund', method: 'POST', url: '/v1/returns/:return_id/refund-preview', tag: 'returns', permission: 'returns:read', summary: 'What a refund would pay now, by the same calculation',
  params: ReturnParams, body: RefundBody,
  reply: { status: 200, schema: RefundPreview }, problems: ['not_found', 'return_state', 'refund_exceeds_return'],
  handle: async ({ params, body, db, caller }) => {
    const row = await requireReturn(db, caller, params.return_id)
    const work = { row, order: (await findOrder(db, row.order_id))!, lines: await linesOfReturns(db, [row.id]) }
    return viewRefund(work, await previewRefund(db, work, readRefund(body)))
  },
})

export const returnRoutes = (clock: Clock): Route[] => [
  list, get, listOfOrder, post, previewRoute(clock),
  stepRoute('approveReturn', 'approve', 'Let goods come back although the window has passed', approveReturn),
  stepRoute('declineReturn', 'decline', 'Decline a requested return', declineReturn),
  stepRoute('cancelReturn', 'cancel', 'Give a return up before anything has arrived', cancelReturn),
  stepRoute('markReturnInTransit', 'mark-in-transit', 'Note that the goods are on their way', markInTransit),
  stepRoute('closeReturn', 'close', 'End a return as it is: nothing more arrives, nothing more is paid back', closeReturn),
  receive, inspect, refund, refundPreview,
]
