import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import type { Clock } from '../../platform/clock.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code, Currency, Nullable, OneOf, Sku } from '../../platform/http/schemas.ts'
import { saveCostModel } from './commands/cost-model.ts'
import { askForPrices } from './commands/learn-prices.ts'
import { moveClaims, reoptimize } from './commands/reoptimize.ts'
import type { CostModel } from './cost-model.ts'
import { activeCostModel, findCostModel, listPrices, newestPriceRun, type CostModelRow, type PriceEvidence } from './costs.db.ts'
import type { Move } from './improve.ts'

const Amount = Type.Integer({ minimum: 0, maximum: 1_000_000_000 })
const Grams = Type.Integer({ minimum: 1, maximum: 100_000_000 })
const ZoneCode = Type.String({ minLength: 1, maxLength: 20 })
const Locations = Type.Array(Code, { minItems: 1, maxItems: 10_000, uniqueItems: true })
const Days = Type.Integer({ minimum: 1, maximum: 3650 })
const Percent = Type.Integer({ minimum: 1, maximum: 100 })

const ZoneRule = Type.Object({
  zone: ZoneCode,
  locations: Type.Optional(Locations),
  countries: Type.Optional(Type.Array(Type.String({ pattern: '^([A-Z]{2}|\\*)$' }), { minItems: 1, maxItems: 260 })),
  postal_prefixes: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Z0-9]{1,12}$' }), { minItems: 1, maxItems: 10_000, description: 'Of the destination, in capitals without spaces' })),
  max_km: Type.Optional(Type.Number({ minimum: 0, maximum: 50_000 })),
}, closed)

const TariffHead = { code: Code, name: Type.String({ minLength: 1, maxLength: 100 }) }
const Tariff = Type.Union([
  Type.Object({
    ...TariffHead,
    zones: Type.Array(ZoneRule, { minItems: 1, maxItems: 2_000, description: 'The first that fits the way of a parcel gives its zone; a way that none fits costs what the dearest zone costs' }),
    weight_steps: Type.Array(Type.Object({
      max_grams: Grams, amounts: Type.Record(Type.String({ maxLength: 20 }), Amount, { maxProperties: 200, description: 'Minor units by zone' }),
    }, closed), { minItems: 1, maxItems: 500 }),
  }, closed),
  Type.Object({ ...TariffHead, carrier: Code, service: Type.String({ minLength: 1, maxLength: 40 }), percent: Type.Integer({ minimum: 1, maximum: 1_000, description: 'Of what the carrier\'s rate table charges' }) }, closed),
])

const Definition = Type.Unsafe<CostModel>(Type.Object({
  currency: Currency,
  default_weight_grams: Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Of a unit whose variant has no weight' }),
  tariffs: Type.Array(Tariff, { minItems: 1, maxItems: 200 }),
  sites: Type.Array(Type.Object({
    locations: Type.Optional(Locations), kinds: Type.Optional(Type.Array(OneOf(['warehouse', 'store', 'supplier', 'third_party']), { minItems: 1, uniqueItems: true })),
    tariff: Code, parcel_labor: Nullable(Amount), unit_labor: Amount,
  }, closed), { minItems: 1, maxItems: 10_000, description: 'The first that fits a location says what it costs to send from there; the last is for all others. Without `parcel_labor` the handling cost of the location' }),
  split_cost: Amount,
  unfilled_cost: Nullable(Amount),
  markdown: Nullable(Type.Object({ after_days: Days, percent: Percent }, closed)),
  stock_out: Nullable(Type.Object({ cover_days: Days, percent: Percent }, closed)),
  learning: Type.Object({ replenishment_days: Type.Integer({ minimum: 1, maximum: 365 }), history_days: Type.Integer({ minimum: 1, maximum: 730 }) }, closed),
}, closed))

const ModelView = Type.Object({ cost_version: Type.Integer(), created_at: Type.String(), definition: Definition }, closed)

function viewModel({ cost_version, created_at, definition }: CostModelRow) {
  return { cost_version, created_at: created_at.toISOString(), definition }
}

const getModel = route({
  operation_id: 'getCostModel', method: 'GET', url: '/v1/routing-costs', tag: 'routing', permission: 'sourcing:read', summary: 'What serving orders costs, and what routing may weigh',
  description: 'The version in force, or an earlier one that a decision names.',
  query: Type.Object({ cost_version: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647 })) }, closed),
  reply: { status: 200, schema: ModelView }, problems: ['not_found'],
  handle: async ({ query, db, etag }) => {
    const model = query.cost_version === undefined ? await activeCostModel(db) : await findCostModel(db, query.cost_version)
    if (model === undefined) throw refuse('not_found', `There is no version ${query.cost_version} of the cost model.`)
    etag(model.cost_version)
    return viewModel(model)
  },
})

const putModel = route({
  operation_id: 'replaceCostModel', method: 'PUT', url: '/v1/routing-costs', tag: 'routing', permission: saveCostModel.permission, summary: 'Put a new version of the cost model in force',
  description: 'Amounts are minor units of its currency. Tariffs are tables of one\'s own, by zone and weight, or a part of what a carrier\'s rate table charges. Every process routes by it from the next batch of orders on.',
  body: Definition, reply: { status: 200, schema: ModelView }, problems: ['stale_version'],
  handle: async ({ body, seen_version, run, etag }) => {
    const saved = await run(saveCostModel, { definition: body, seen_version })
    etag(saved.cost_version)
    return { ...saved, definition: body }
  },
})

const MovedView = Type.Object({
  order_id: Type.String(), decision_id: Nullable(Type.String({ description: 'Null in a dry run' })), saved: Type.Integer({ description: 'Minor units; less than nothing where another order saves more for it' }),
  from: Type.Array(Type.String()), to: Type.Array(Type.String()),
}, closed)

const postReoptimize = (clock: Clock): Route => route({
  operation_id: 'reoptimizeOrders', method: 'POST', url: '/v1/routing/reoptimize', tag: 'routing', permission: moveClaims.permission, summary: 'Route orders again that nobody works on yet',
  description: 'Orders of rules that choose by cost are planned again together, by the costs and shadow prices of now. They move only where their costs together fall; what has been handed over stays, and so does every promise.',
  body: Type.Object({ dry_run: Type.Boolean({ description: 'Move nothing, and say what would move' }), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 20_000, default: 5_000 })) }, closed),
  reply: {
    status: 200,
    schema: Type.Object({
      orders_seen: Type.Integer(), currency: Nullable(Type.String()), cost_before: Type.Integer({ description: 'Of all orders seen, in minor units' }), cost_after: Type.Integer(), moved: Type.Array(MovedView),
    }, closed),
  },
  handle: async ({ body, db, run }) => {
    const move = (moves: readonly Move[]) => run(moveClaims, { moves })
    return reoptimize(db, clock.now(new Date()), move, { dry_run: body.dry_run, wanted: () => true, limit: body.limit ?? 5_000 })
  },
})

const Evidence = Type.Unsafe<PriceEvidence>(Type.Object({
  orders_seen: Type.Integer({ description: 'Orders of the past that were there to learn from' }), history_days: Type.Integer(),
  orders_sampled: Type.Integer({ description: 'Of these as many as are expected until stock is replenished, the newest likelier; at most 5,000' }), replenishment_days: Type.Integer(),
  variants: Type.Integer(), levels_priced: Type.Integer({ description: 'Levels whose last unit is worth something' }),
  lower_bound: Type.Integer({ description: 'Minor units that the sampled orders cost at least' }), milliseconds: Type.Integer(),
}, closed))

const getPrices = route({
  operation_id: 'listShadowPrices', method: 'GET', url: '/v1/routing/prices', tag: 'routing', permission: 'sourcing:read', summary: 'What keeping a unit at a location is worth, and what that rests on',
  description: 'The dearest first. A level that is not here has no price. Prices that nobody has learned anew for two days count for nothing.',
  query: Type.Object({ sku: Type.Optional(Sku), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1_000 })) }, closed),
  reply: {
    status: 200,
    schema: Type.Object({
      run: Nullable(Type.Object({ id: Type.String(), at: Type.String(), cost_version: Type.Integer(), evidence: Evidence }, closed)),
      data: Type.Array(Type.Object({ sku: Type.String(), location: Type.String(), price: Type.Number({ description: 'Minor units of the cost model\'s currency' }), sellable: Type.Integer() }, closed)),
    }, closed),
  },
  handle: async ({ query, db }) => {
    const run = await newestPriceRun(db)
    return {
      run: run === undefined ? null : { id: ids.price_run.show(run.id), at: run.at.toISOString(), cost_version: run.cost_version, evidence: run.evidence },
      data: await listPrices(db, query.sku, query.limit ?? 1_000),
    }
  },
})

const postLearn = route({
  operation_id: 'learnShadowPrices', method: 'POST', url: '/v1/routing/prices/learn', tag: 'routing', permission: askForPrices.permission, summary: 'Learn shadow prices anew in the background',
  description: 'Happens by itself every hour where a rule in use weighs scarcity. Nothing is learned while no rule chooses by cost.',
  body: Type.Object({}, closed), reply: { status: 202, schema: Type.Object({ asked: Type.Literal(true) }, closed) },
  handle: async ({ run }) => run(askForPrices, {}),
})

export const costRoutes = (clock: Clock): Route[] => [getModel, putModel, getPrices, postLearn, postReoptimize(clock)]
