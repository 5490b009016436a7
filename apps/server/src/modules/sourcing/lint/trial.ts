import { demandOfExample, EMPTY_SHELF, type ExampleOrder } from '../examples.ts'
import { planOrder, type Plan } from '../plan.ts'
import { createStockView, type StockLevel } from '../stock-view.ts'
import type { Rule } from '../strategy.ts'
import type { World } from '../world.ts'

export type Trial = Plan

/** What the planner does with the order where every location has plenty of everything, fresh counted, or nothing at all. */
export function tryRules(rules: readonly Rule[], order: ExampleOrder, world: World, stock: 'full' | 'none'): Trial {
  const channel = world.channels.find(({ code }) => code === order.channel)!
  const demand = demandOfExample(order, channel, world, EMPTY_SHELF)
  const candidates = world.candidates(demand.asked_at)
  const units = demand.lines.reduce((sum, { quantity }) => sum + quantity, 0)
  const levels = stock === 'none' ? [] : candidates.flatMap(({ id }) => [...new Set(demand.lines.map(({ variant_id }) => variant_id))].map((variant_id): StockLevel => ({
    variant_id, location_id: id, available: units * 1_000 + 1_000_000, safety_stock: 0, daily_demand: 0, stock_age_hours: 0,
  })))
  return planOrder(demand, candidates, createStockView(levels), { id: 'trial', version: 0, name: 'Trial', rules }, undefined, world.economics)
}

/** Whether two trials of one order come to the same, whatever rules they name. */
export function sameOutcome(a: Trial, b: Trial): boolean {
  const said = ({ allocations, unfilled, shortage }: Trial): string => JSON.stringify([allocations, unfilled.map(({ line_id, quantity }) => [line_id, quantity]), shortage])
  return said(a) === said(b)
}
