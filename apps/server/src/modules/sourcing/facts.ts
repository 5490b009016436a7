import { HOUR_MS } from '../../kernel/time.ts'
import type { Queryable } from '../../platform/db.ts'
import { findItemFacts, type ItemFacts } from '../catalog/index.ts'
import { findCustomerFacts } from '../customers/index.ts'
import { keyOf, readLevels, type Pair } from '../inventory/index.ts'
import type { SourcingDemand } from '../orders/index.ts'
import { pricesOf } from './costs.db.ts'
import type { Need } from './criterion.ts'
import type { CustomerSeen, DemandLine } from './demand.ts'
import { demandsOf } from './demands.db.ts'
import { needsOf } from './needs.ts'
import { earlierOrders } from './sourcing.db.ts'
import type { StockLevel } from './stock-view.ts'
import type { Strategy } from './strategy.ts'

/** What the rules in use ask for beyond what is read for every order. Where they ask for nothing, nothing is read. */
export type Facts = {
  needs: ReadonlySet<Need>
  items: ReadonlyMap<string, ItemFacts>
  customers: ReadonlyMap<string, CustomerSeen>
  counted: ReadonlyMap<string, number>
  sold: ReadonlyMap<string, number>
  prices: ReadonlyMap<string, number>
}

const NOTHING: Omit<Facts, 'needs'> = { items: new Map(), customers: new Map(), counted: new Map(), sold: new Map(), prices: new Map() }
const NO_FACTS: Pick<DemandLine, 'tags' | 'product_type' | 'custom_fields'> = { tags: [], product_type: null, custom_fields: {} }

/** At most one or two statements for the whole batch and for each thing that the rules ask for. */
export async function readFacts(db: Queryable, { rules }: Strategy, wanted: readonly string[], orders: readonly Pick<SourcingDemand, 'order_id' | 'customer'>[], now: Date): Promise<Facts> {
  const needs = needsOf(rules)
  if (needs.size === 0) return { needs, ...NOTHING }
  const variant_ids = [...new Set(wanted)]
  return {
    needs,
    items: needs.has('items') ? await findItemFacts(db, variant_ids) : NOTHING.items,
    customers: needs.has('customer') ? await readCustomers(db, orders) : NOTHING.customers,
    counted: needs.has('stock_age') ? await readCounts(db, variant_ids, now) : NOTHING.counted,
    sold: needs.has('daily_demand') ? await demandsOf(db, variant_ids) : NOTHING.sold,
    prices: needs.has('shadow_price') ? await pricesOf(db, variant_ids, now) : NOTHING.prices,
  }
}

async function readCustomers(db: Queryable, orders: readonly Pick<SourcingDemand, 'order_id' | 'customer'>[]): Promise<Map<string, CustomerSeen>> {
  const named = orders.flatMap(({ order_id, customer }) => (customer === null ? [] : [{ order_id, customer }]))
  const found = await findCustomerFacts(db, named.map(({ customer }) => customer))
  const known = named.flatMap(({ order_id }, index) => {
    const facts = found[index] ?? null
    return facts === null ? [] : [{ order_id, ...facts }]
  })
  const again = await earlierOrders(db, known)
  return new Map(known.map(({ order_id, customer_group, tags }) => [order_id, { customer_group, tags, first_order: !again.has(order_id) }]))
}

async function readCounts(db: Queryable, variant_ids: readonly string[], now: Date): Promise<Map<string, number>> {
  const levels = await readLevels(db, variant_ids)
  return new Map(levels.flatMap((level) => (level.counted_at === null ? [] : [[keyOf(level), hoursSince(level.counted_at, now)] as const])))
}

export function hoursSince(counted_at: Date, now: Date): number {
  return (now.getTime() - counted_at.getTime()) / HOUR_MS
}

export function itemFactsOf(variant_id: string, { items }: Facts): Pick<DemandLine, 'tags' | 'product_type' | 'custom_fields'> {
  const facts = items.get(variant_id)
  return facts === undefined ? NO_FACTS : { tags: facts.tags, product_type: facts.product_type, custom_fields: facts.custom_fields }
}

/** A level as planning sees it. */
export function levelOf({ variant_id, location_id, available, safety_stock }: Pair & { available: number; safety_stock: number }, { needs, counted, sold, prices }: Facts): StockLevel {
  const level: StockLevel = { variant_id, location_id, available, safety_stock, daily_demand: null }
  if (needs.size === 0) return level
  const key = keyOf(level)
  // Where somebody looked at the sales and found none, there are none.
  return { ...level, daily_demand: needs.has('daily_demand') ? sold.get(key) ?? 0 : null, stock_age_hours: counted.get(key) ?? null, shadow_price: prices.get(key) ?? null }
}
