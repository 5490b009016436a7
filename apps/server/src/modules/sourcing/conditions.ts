import { Type, type Static, type TObject, type TProperties } from 'typebox'
import { present } from '../../kernel/assert.ts'
import { parseAmount } from '../../kernel/money.ts'
import type { Demand } from './demand.ts'
import type { SettingOf } from './settings.ts'

/** A test of the order that decides whether a rule is for it. `prepare` runs once for a batch. */
type Condition<P extends TProperties> = {
  settings: P
  prepare: (settings: Static<TObject<P>>) => (demand: Demand) => boolean
  /** Why the rule was not for the order: "the rule is for other channels". */
  phrase: string
}

const condition = <P extends TProperties>(entry: Condition<P>): Condition<P> => entry

const Texts = Type.Array(Type.String({ minLength: 1 }), { minItems: 1, uniqueItems: true })
const anyOrNone = { any_of: Type.Optional(Texts), none_of: Type.Optional(Texts) }
const Amount = Type.String({ pattern: '^\\d{1,15}(\\.\\d+)?$' })

type AnyOrNone = { any_of?: readonly string[]; none_of?: readonly string[] }

/** With no value at all, `any_of` fails and `none_of` holds. */
function listTest(settings: AnyOrNone, matches: (demand: Demand, wanted: readonly string[]) => boolean): (demand: Demand) => boolean {
  const { any_of, none_of } = settings
  return (demand) => (any_of === undefined || matches(demand, any_of)) && (none_of === undefined || !matches(demand, none_of))
}

export const CONDITIONS = {
  channel: condition({
    settings: anyOrNone,
    prepare: (settings) => listTest(settings, (demand, wanted) => wanted.includes(demand.channel_id)),
    phrase: 'the rule is for other channels',
  }),
  method: condition({
    settings: { is: Type.Union([Type.Literal('ship'), Type.Literal('pickup')]) },
    prepare: (settings) => (demand) => demand.method === settings.is,
    phrase: 'the rule is for another delivery method',
  }),
  country: condition({
    settings: anyOrNone,
    prepare: (settings) => listTest(settings, (demand, wanted) => demand.destination !== null && wanted.includes(demand.destination.country)),
    phrase: 'the rule is for other destination countries',
  }),
  postal_prefix: condition({
    settings: anyOrNone,
    prepare: (settings) =>
      listTest(settings, (demand, wanted) => {
        const postal_code = demand.destination?.postal_code ?? null
        return postal_code !== null && wanted.some((prefix) => postal_code.startsWith(prefix))
      }),
    phrase: 'the rule is for other postal codes',
  }),
  item_tag: condition({
    settings: { ...anyOrNone, lines: Type.Union([Type.Literal('any'), Type.Literal('every')]) },
    prepare: (settings) =>
      listTest(settings, ({ lines }, wanted) => {
        const tagged = (line: Demand['lines'][number]): boolean => line.tags.some((tag) => wanted.includes(tag))
        return settings.lines === 'any' ? lines.some(tagged) : lines.every(tagged)
      }),
    phrase: 'the rule is for other items',
  }),
  order_value: condition({
    settings: { currency: Type.String({ pattern: '^[A-Z]{3}$' }), at_least: Type.Optional(Amount), below: Type.Optional(Amount) },
    prepare: ({ currency, at_least, below }) => {
      const from = at_least === undefined ? undefined : present(parseAmount(at_least, currency), 'a stored strategy has valid amounts')
      const to = below === undefined ? undefined : present(parseAmount(below, currency), 'a stored strategy has valid amounts')
      // An order in another currency has no value to compare, so the rule is not for it.
      return ({ order_value: value }) =>
        value !== null && value.currency === currency && (from === undefined || value.amount >= from) && (to === undefined || value.amount < to)
    },
    phrase: 'the rule is for orders of another value',
  }),
}

export type ConditionSetting = SettingOf<typeof CONDITIONS>

export type PreparedCondition = { type: ConditionSetting['type']; holds: (demand: Demand) => boolean }

export function prepareConditions(settings: readonly ConditionSetting[]): PreparedCondition[] {
  return settings.map((setting) => {
    const entry = CONDITIONS[setting.type] as Condition<TProperties>
    return { type: setting.type, holds: entry.prepare(setting) }
  })
}
