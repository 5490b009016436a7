import { groupByKey } from '../../../kernel/quantity.ts'
import { ids } from '../../../kernel/id-kinds.ts'
import { newId } from '../../../kernel/ids.ts'
import { addMs, DAY_MS } from '../../../kernel/time.ts'
import { SYSTEM } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import type { Database } from '../../../platform/db.ts'
import type { JobDefinition } from '../../../platform/jobs.ts'
import type { Runtime } from '../../../platform/module.ts'
import { findVariants } from '../../catalog/index.ts'
import { replacePrices, type PriceEvidence, type ShadowPrice } from '../costs.db.ts'
import type { Economics } from '../economics.ts'
import { learnInThread } from '../learning/in-thread.ts'
import { countHistory, levelsUntil, linesOfSample, sampleOrders } from '../learning/learning.db.ts'
import { poseLearning, type LearningWorld, type PastOrder } from '../learning/sample.ts'
import { candidateOf } from '../plan-stock.ts'
import { currentSettings, destinationOf, knowPlaces, type Settings } from '../queries/settings.ts'

export const LEARN_PRICES = 'sourcing.learn_prices'

/** Asks for shadow prices to be learned anew soon; the answer to a second wish comes with the first. */
export const askForPrices = command('sourcing.ask_for_prices', 'sourcing:write', async ({ enqueue }, _input: object): Promise<{ asked: true }> => {
  enqueue({ name: LEARN_PRICES, data: { asked: true }, singleton_key: 'prices' })
  return { asked: true }
})

type SavePrices = { at: string; cost_version: number; evidence: PriceEvidence; prices: ShadowPrice[] }

/** Puts learned prices in place of all that were before. */
const savePrices = command('sourcing.save_prices', 'sourcing:write', async ({ tx, now, emit, audit }, { at, cost_version, evidence, prices }: SavePrices) => {
  const id = newId(now.getTime())
  if (!(await replacePrices(tx, { id, at: new Date(at), cost_version, evidence }, prices))) return { id: null }
  audit({ subject_id: id })
  emit({ type: 'shadow_prices.learned', subject_id: id, data: { price_run_id: ids.price_run.show(id), orders_sampled: evidence.orders_sampled, levels_priced: evidence.levels_priced } })
  return { id }
}, ({ at }) => at)

/** Orders that are learned from at once; of more that are expected a part is taken, and stock is scaled down to it. */
const MAX_ORDERS = 5_000

/** Every hour, where a rule in use weighs what scarce stock is worth, and whenever somebody asks. */
export const learnPricesJob = ({ db, executor, clock }: Runtime): JobDefinition => ({
  name: LEARN_PRICES,
  cron: '17 * * * *',
  run: async ({ asked }) => {
    const now = clock.now(new Date())
    const settings = await currentSettings(db, now)
    const { economics, strategy } = settings
    if (economics === undefined || (asked !== true && !strategy.rules.some(({ objective }) => objective?.weigh.includes('scarcity') === true))) return
    const begun = performance.now()
    const { world, ...seen } = await readLearningWorld(db, settings, economics, now)
    const task = poseLearning(world)
    const { prices, lower_bound } = await learnInThread(task)
    const evidence: PriceEvidence = {
      ...seen, orders_sampled: task.orders.length, ...economics.model.learning, variants: task.variants.length, levels_priced: prices.length, lower_bound, milliseconds: Math.round(performance.now() - begun),
    }
    await executor.run(savePrices, { at: now.toISOString(), cost_version: economics.cost_version, evidence, prices }, { caller: SYSTEM, request_id: `job:${LEARN_PRICES}` })
  },
})

async function readLearningWorld(db: Database, settings: Settings, economics: Economics, now: Date): Promise<{ world: LearningWorld; orders_seen: number }> {
  const { history_days, replenishment_days } = economics.model.learning
  const candidates = settings.locations.filter(({ capabilities }) => capabilities.includes('ship')).map((location) => candidateOf(location, now, new Map(), settings))
  return db.snapshot(async (tx) => {
    const { orders_seen, recent, recent_days } = await countHistory(tx, now, history_days)
    const expected = Math.round((recent / recent_days) * replenishment_days)
    const sampled = await sampleOrders(tx, now, history_days, Math.min(expected, MAX_ORDERS))
    const lines = groupByKey(await linesOfSample(tx, sampled.map(({ id }) => id)), ({ order_id }) => order_id)
    await knowPlaces(tx, settings, sampled.map(({ shipping_address }) => shipping_address))
    const orders = sampled.flatMap(({ id, currency, shipping_address }): PastOrder[] => {
      const own = lines.get(id)
      const price = (amount: bigint): number => (currency === economics.model.currency ? Number(amount) : 0)
      return own === undefined ? [] : [{ destination: destinationOf(settings, shipping_address), lines: own.map(({ variant_id, quantity, unit_price }) => ({ variant_id, quantity, unit_price: price(unit_price) })) }]
    })
    const variants = [...new Set([...lines.values()].flat().map(({ variant_id }) => variant_id))]
    const known = await findVariants(tx, variants)
    const levels = await levelsUntil(tx, variants, addMs(now, replenishment_days * DAY_MS))
    const share = expected === 0 ? 1 : sampled.length / expected
    return { orders_seen, world: { economics, candidates, orders, share, weight_grams: new Map([...known].map(([id, { weight_grams }]) => [id, weight_grams])), levels } }
  })
}
