import { Type } from 'typebox'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code, Nullable, OneOf, PlainDate, Sku } from '../../platform/http/schemas.ts'
import { ADJUSTMENT_REASONS, adjustStock } from './commands/adjust-stock.ts'
import { MOVE_REASONS, moveStock } from './commands/move-stock.ts'
import { recordReceipts } from './commands/receive-stock.ts'
import { setBins, setSafetyStock } from './commands/set-policies.ts'
import { readAvailability } from './queries/availability.ts'
import { FIGURES, FreeState, Note, Quantity, Reference } from './schemas.ts'

/** Lines of one call; larger amounts come as several calls or as an import. */
const MAX_LINES = 1_000
const Amount = Type.Integer({ minimum: 0, maximum: 10_000_000 })

const Changed = Type.Object({
  id: Type.String({ description: 'Names the change; movements carry it as their cause' }), location: Type.String(),
  levels: Type.Array(Type.Object(FIGURES, closed)),
}, closed)

const postAdjustment = route({
  operation_id: 'adjustStock', method: 'POST', url: '/v1/stock/adjustments', tag: 'inventory', permission: adjustStock.permission, summary: 'Adjust stock with a reason',
  description: 'By a difference (`delta`), or to a value (`set_to`) that is compared with what you `expected` first. Reasons that state a fact (damaged, lost, shrinkage, correction) also take promised units, which is recorded as a deficit; other reasons are refused where too little is available.',
  body: Type.Object({
    location: Code, reason: OneOf(ADJUSTMENT_REASONS), note: Type.Optional(Note),
    lines: Type.Array(Type.Object({
      sku: Sku, state: Type.Optional(FreeState),
      delta: Type.Optional(Type.Integer({ minimum: -10_000_000, maximum: 10_000_000 })),
      set_to: Type.Optional(Amount),
      expected: Type.Optional(Type.Unsafe<number | null>({ ...Nullable(Amount), description: 'With `set_to`: what you believe is there now. null overwrites whatever is there' })),
    }, closed), { minItems: 1, maxItems: MAX_LINES }),
  }, closed),
  reply: { status: 200, schema: Changed }, problems: ['insufficient_stock', 'stale_quantity'],
  handle: async ({ body, submit }) => submit(adjustStock, body),
})

const postMove = route({
  operation_id: 'moveStock', method: 'POST', url: '/v1/stock/moves', tag: 'inventory', permission: moveStock.permission, summary: 'Move stock between states',
  body: Type.Object({
    location: Code, reason: OneOf(MOVE_REASONS), note: Type.Optional(Note),
    lines: Type.Array(Type.Object({ sku: Sku, from_state: FreeState, to_state: FreeState, quantity: Quantity }, closed), { minItems: 1, maxItems: MAX_LINES }),
  }, closed),
  reply: { status: 200, schema: Changed }, problems: ['insufficient_stock'],
  handle: async ({ body, submit }) => submit(moveStock, body),
})

const postReceipt = route({
  operation_id: 'receiveStock', method: 'POST', url: '/v1/stock/receipts', tag: 'inventory', permission: recordReceipts.permission, summary: 'Receive stock',
  body: Type.Object({
    location: Code, reference: Type.Optional(Reference), note: Type.Optional(Note),
    lines: Type.Array(Type.Object({ sku: Sku, quantity: Quantity, state: Type.Optional(FreeState) }, closed), { minItems: 1, maxItems: MAX_LINES }),
  }, closed),
  reply: { status: 201, schema: Changed },
  handle: async ({ body, submit }) => submit(recordReceipts, body),
})

const putSafetyStock = route({
  operation_id: 'setSafetyStock', method: 'PUT', url: '/v1/stock/safety-stock', tag: 'inventory', permission: setSafetyStock.permission, summary: 'Set safety stocks',
  body: Type.Object({ lines: Type.Array(Type.Object({ sku: Sku, location: Code, quantity: Amount }, closed), { minItems: 1, maxItems: MAX_LINES }) }, closed),
  reply: { status: 200, schema: Type.Object({ lines: Type.Array(Type.Object({ sku: Type.String(), location: Type.String(), quantity: Type.Integer(), before: Type.Integer() }, closed)) }, closed) },
  handle: async ({ body, run }) => run(setSafetyStock, body),
})

const Bin = Type.String({ minLength: 1, maxLength: 64 })

const putBins = route({
  operation_id: 'setBins', method: 'PUT', url: '/v1/stock/bins', tag: 'inventory', permission: setBins.permission, summary: 'Say where SKUs lie in a location',
  body: Type.Object({ location: Code, lines: Type.Array(Type.Object({ sku: Sku, bin: Nullable(Bin) }, closed), { minItems: 1, maxItems: MAX_LINES }) }, closed),
  reply: { status: 200, schema: Type.Object({ lines: Type.Array(Type.Object({ sku: Type.String(), bin: Nullable(Type.String()) }, closed)) }, closed) },
  handle: async ({ body, run }) => run(setBins, body),
})

const Promised = Type.Object({ date: Type.String(), quantity: Type.Integer() }, closed)

const Availability = Type.Object({
  sku: Type.String(), kind: OneOf(['goods', 'bundle', 'service']),
  sellable: Nullable(Type.Integer({ description: 'Units that can be sold now; null for a service' })),
  promiseable: Nullable(Type.Integer({ description: 'Units that can be promised for the date asked about; null without one' })),
  promises: Type.Array(Promised, { description: 'What can be promised from each day on which more is expected' }),
  buffer: Type.Integer(), backordered: Type.Integer(),
  locations: Type.Array(Type.Object({
    location: Type.String(), available: Type.Integer(), safety_stock: Type.Integer(), sellable: Type.Integer(),
    counted_at: Nullable(Type.String({ description: 'When somebody last looked' })), updated_at: Type.String({ description: 'When the figure last changed' }),
  }, closed)),
  inbound: Type.Array(Type.Object({ location: Type.String(), expected_on: Type.String(), quantity: Type.Integer() }, closed)),
  components: Type.Array(Type.Object({ sku: Type.String(), quantity: Type.Integer(), sellable: Type.Integer() }, closed)),
}, closed)

const SkuText = { type: 'string', minLength: 1, maxLength: 7_000 }

const getAvailability = route({
  operation_id: 'getAvailability', method: 'GET', url: '/v1/availability', tag: 'inventory', permission: 'inventory:read', summary: 'What can be sold now and promised by date',
  description: 'With a channel, only the locations that may serve it count and its buffer is kept back.',
  query: Type.Object({
    sku: Type.Unsafe<string | string[]>({ anyOf: [SkuText, { type: 'array', items: SkuText, minItems: 1, maxItems: 100 }], description: 'Up to 100, repeated or with commas between them' }),
    channel: Type.Optional(Code), location: Type.Optional(Code), date: Type.Optional(PlainDate),
  }, closed),
  reply: { status: 200, schema: Type.Object({ data: Type.Array(Availability) }, closed) },
  handle: async ({ query: { sku, ...ask }, db, caller }) => ({ data: await readAvailability(db, { ...ask, skus: [sku].flat() }, caller) }),
})

export const stockRoutes: Route[] = [postAdjustment, postMove, postReceipt, putSafetyStock, putBins, getAvailability]
