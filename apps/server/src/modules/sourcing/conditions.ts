import type { TProperties } from 'typebox'
import { CUSTOMER_CONDITIONS, ORDER_CONDITIONS } from './conditions/order.ts'
import { DESTINATION_CONDITIONS } from './conditions/destination.ts'
import { ITEM_CONDITIONS } from './conditions/items.ts'
import { MOMENT_CONDITIONS } from './conditions/moment.ts'
import { CUSTOM_CONDITIONS } from './criteria/criteria.ts'
import type { Condition } from './criterion.ts'
import type { OrderView } from './order-view.ts'
import type { SettingOf } from './settings.ts'

/** What a strategy may ask of an order. A new condition is one more entry; schema, validation, sentences and the linter follow from it. */
export const CONDITIONS = { ...ORDER_CONDITIONS, ...CUSTOMER_CONDITIONS, ...ITEM_CONDITIONS, ...DESTINATION_CONDITIONS, ...MOMENT_CONDITIONS, ...CUSTOM_CONDITIONS }

/** One entry of the table with its settings. */
export type LeafCondition = SettingOf<typeof CONDITIONS>

/** Conditions combine: all of these, any of these, not this. */
export type ConditionSetting = LeafCondition | { all: readonly ConditionSetting[] } | { any: readonly ConditionSetting[] } | { not: ConditionSetting }

/** How deep conditions may stand in each other. */
export const MAX_DEPTH = 8

export type PreparedCondition = { type: string; holds: (order: OrderView) => boolean }

export function prepareConditions(settings: readonly ConditionSetting[]): PreparedCondition[] {
  return settings.map((setting) => ({ type: nameOf(setting), holds: prepareCondition(setting) }))
}

function prepareCondition(setting: ConditionSetting): (order: OrderView) => boolean {
  if ('all' in setting) {
    const parts = setting.all.map(prepareCondition)
    return (order) => parts.every((holds) => holds(order))
  }
  if ('any' in setting) {
    const parts = setting.any.map(prepareCondition)
    return (order) => parts.some((holds) => holds(order))
  }
  if ('not' in setting) {
    const holds = prepareCondition(setting.not)
    return (order) => !holds(order)
  }
  return entryOf(setting).prepare(setting)
}

export function entryOf(setting: LeafCondition): Condition<TProperties> {
  return CONDITIONS[setting.type] as unknown as Condition<TProperties>
}

export function leavesOf(setting: ConditionSetting): LeafCondition[] {
  if ('all' in setting) return setting.all.flatMap(leavesOf)
  if ('any' in setting) return setting.any.flatMap(leavesOf)
  return 'not' in setting ? leavesOf(setting.not) : [setting]
}

function nameOf(setting: ConditionSetting): string {
  return 'type' in setting ? setting.type : Object.keys(setting)[0]!
}

const COMBINED: Readonly<Record<string, string>> = {
  all: 'not all that the rule asks for together holds', any: 'none of the alternatives that the rule asks for holds', not: 'what the rule leaves out holds',
}

/** Why a rule was not for an order, by the condition that a decision names; the name itself where a later version dropped it. */
export function phraseUnmet(type: string): string {
  return (CONDITIONS as Readonly<Record<string, { phrase: string }>>)[type]?.phrase ?? COMBINED[type] ?? type
}
