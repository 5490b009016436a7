import { Type } from 'typebox'
import { present } from '../../../kernel/assert.ts'
import { isCurrency, parseAmount } from '../../../kernel/money.ts'
import type { FieldError } from '../../../kernel/problem.ts'
import { anyOrNone, anyOrNoneOf, bounds, checkLists, checkRange, condition, FieldName, inRange, listed, rangeOf, refersTo, sayLists, sayRange, type AnyOrNone, type AnyOrNoneOf, type Scalar } from '../criterion.ts'
import type { Demand } from '../demand.ts'

/** With no value at all, `any_of` fails and `none_of` holds. */
export function oneOf({ any_of, none_of }: AnyOrNoneOf, value: unknown): boolean {
  return (any_of === undefined || any_of.includes(value as Scalar)) && (none_of === undefined || !none_of.includes(value as Scalar))
}

/** Of several values, any in `any_of` and none in `none_of`. */
export function someOf({ any_of, none_of }: AnyOrNoneOf, values: readonly unknown[]): boolean {
  return (any_of === undefined || values.some((value) => any_of.includes(value as Scalar))) && (none_of === undefined || !values.some((value) => none_of.includes(value as Scalar)))
}

const Amount = Type.String({ pattern: '^\\d{1,15}(\\.\\d+)?$' })
type ValueRange = { currency: string; at_least?: string; below?: string }
const minor = (text: string, currency: string): bigint => present(parseAmount(text, currency), 'a stored strategy has valid amounts')

function checkValue({ currency, at_least, below }: ValueRange): FieldError[] {
  if (!isCurrency(currency)) return [{ pointer: '/currency', code: 'unknown_currency', detail: `${currency} is not an ISO 4217 currency.` }]
  if (at_least === undefined && below === undefined) return [{ pointer: '', code: 'required', detail: 'Give at_least, below or both.' }]
  const errors = Object.entries({ at_least, below }).flatMap(([name, text]) =>
    text !== undefined && parseAmount(text, currency) === undefined ? [{ pointer: `/${name}`, code: 'invalid_amount', detail: `${text} is not an amount in ${currency}.` }] : [])
  if (errors.length > 0 || at_least === undefined || below === undefined) return errors
  return minor(at_least, currency) < minor(below, currency) ? [] : [{ pointer: '/below', code: 'empty_range', detail: 'below must be more than at_least.' }]
}

const unitsOf = ({ lines }: Demand): number => lines.reduce((sum, { quantity }) => sum + quantity, 0)
const gramsOf = ({ lines }: Demand): number => lines.reduce((sum, { quantity, weight_grams }) => sum + quantity * weight_grams, 0)
const answersOf = (answer: unknown): readonly unknown[] => (Array.isArray(answer) ? answer : answer === undefined || answer === null ? [] : [answer])
const Count = { at_least: Type.Optional(Type.Integer({ minimum: 1 })), below: Type.Optional(Type.Integer({ minimum: 2 })) }

/** Conditions on the order itself. */
export const ORDER_CONDITIONS = {
  channel: condition({
    settings: anyOrNone,
    check: checkLists,
    refers: (settings) => refersTo('channel', settings),
    prepare: (settings) => ({ demand }) => oneOf(settings, demand.channel),
    phrase: 'the rule is for other channels',
    say: (settings) => sayLists(settings, 'come from the channel', 'do not come from the channel'),
    facet: 'channel', mentions: listed,
  }),
  method: condition({
    settings: { is: Type.Union([Type.Literal('ship'), Type.Literal('pickup')]) },
    prepare: (settings) => ({ demand }) => demand.method === settings.is,
    phrase: 'the rule is for another delivery method',
    say: ({ is }) => (is === 'ship' ? 'are shipped' : 'are picked up'),
    facet: 'method', mentions: () => [],
  }),
  shipping_method: condition({
    settings: anyOrNone,
    check: checkLists,
    refers: (settings) => refersTo('shipping_method', settings),
    prepare: (settings) => ({ demand }) => oneOf(settings, demand.shipping_method),
    phrase: 'the rule is for other shipping methods',
    say: (settings) => sayLists(settings, 'travel by the shipping method', 'do not travel by the shipping method'),
    facet: 'shipping_method', mentions: listed,
  }),
  order_value: condition({
    settings: { currency: Type.String({ pattern: '^[A-Z]{3}$' }), at_least: Type.Optional(Amount), below: Type.Optional(Amount) },
    check: checkValue,
    prepare: ({ currency, at_least, below }) => {
      const from = at_least === undefined ? undefined : minor(at_least, currency)
      const to = below === undefined ? undefined : minor(below, currency)
      // An order in another currency has no value to compare, so the rule is not for it.
      return ({ demand: { order_value: value } }) =>
        value !== null && value.currency === currency && (from === undefined || value.amount >= from) && (to === undefined || value.amount < to)
    },
    phrase: 'the rule is for orders of another value',
    say: ({ currency, ...range }) => `are worth ${sayRange(range, currency)}`,
    facet: 'order_value', mentions: ({ currency, at_least, below }) => [at_least, below].flatMap((text) => (text === undefined ? [] : [{ currency, amount: minor(text, currency) }])),
  }),
  units: condition({
    settings: Count,
    check: checkRange,
    prepare: (settings) => {
      const fits = inRange(settings)
      return ({ demand }) => fits(unitsOf(demand))
    },
    phrase: 'the rule is for orders of another number of units',
    say: (settings) => `have ${sayRange(settings, 'units')}`,
    facet: 'units', mentions: bounds,
  }),
  lines: condition({
    settings: Count,
    check: checkRange,
    prepare: (settings) => {
      const fits = inRange(settings)
      return ({ demand }) => fits(demand.lines.length)
    },
    phrase: 'the rule is for orders of another number of lines',
    say: (settings) => `have ${sayRange(settings, 'lines')}`,
    facet: 'lines', mentions: bounds,
  }),
  weight: condition({
    settings: { at_least_grams: Type.Optional(Type.Integer({ minimum: 1 })), below_grams: Type.Optional(Type.Integer({ minimum: 1 })) },
    check: ({ at_least_grams, below_grams }) => checkRange(rangeIn(at_least_grams, below_grams)).map((error) => ({ ...error, pointer: error.pointer === '' ? '' : '/below_grams' })),
    prepare: ({ at_least_grams, below_grams }) => {
      const fits = inRange(rangeIn(at_least_grams, below_grams))
      return ({ demand }) => fits(gramsOf(demand))
    },
    phrase: 'the rule is for orders of another weight',
    say: ({ at_least_grams, below_grams }) => `weigh ${sayRange(rangeIn(at_least_grams, below_grams), 'grams')}`,
    facet: 'weight', mentions: ({ at_least_grams, below_grams }) => bounds(rangeIn(at_least_grams, below_grams)),
  }),
  order_tag: condition({
    settings: anyOrNone,
    check: checkLists,
    prepare: (settings) => ({ demand }) => someOf(settings, demand.tags),
    phrase: 'the rule is for orders with other tags',
    say: (settings) => sayLists(settings, 'are tagged', 'are not tagged'),
    facet: 'order_tags', mentions: listed,
  }),
  order_field: condition({
    settings: { field: FieldName, ...anyOrNoneOf },
    check: checkLists,
    refers: ({ field }) => [{ kind: 'order_field', name: field, pointer: '/field' }],
    prepare: ({ field, ...settings }) => ({ demand }) => someOf(settings, answersOf(demand.custom_fields[field])),
    phrase: 'the rule is for other answers in the order form',
    say: ({ field, ...settings }) => sayLists(settings, `answer ${field} with`, `do not answer ${field} with`),
    facet: ({ field }) => `order_field:${field}`, mentions: listed,
  }),
  order_number: condition({
    settings: { field: FieldName, ...rangeOf() },
    check: checkRange,
    refers: ({ field }) => [{ kind: 'order_field', name: field, pointer: '/field' }],
    prepare: ({ field, ...range }) => {
      const fits = inRange(range)
      return ({ demand }) => {
        const answer = demand.custom_fields[field]
        return typeof answer === 'number' && fits(answer)
      }
    },
    phrase: 'the rule is for other answers in the order form',
    say: ({ field, ...range }) => `answer ${field} with ${sayRange(range, '')}`,
    facet: ({ field }) => `order_field:${field}`, mentions: bounds,
  }),
}

function rangeIn(at_least: number | undefined, below: number | undefined): { at_least?: number; below?: number } {
  return { ...(at_least === undefined ? {} : { at_least }), ...(below === undefined ? {} : { below }) }
}

/** Conditions on whoever ordered. Somebody unknown is in no group, has no tag and orders for the first time. */
export const CUSTOMER_CONDITIONS = {
  customer_group: condition({
    settings: anyOrNone,
    needs: ['customer'],
    check: checkLists,
    prepare: (settings: AnyOrNone) => ({ demand }) => oneOf(settings, demand.customer?.customer_group),
    phrase: 'the rule is for other groups of customers',
    say: (settings) => sayLists(settings, 'are of customers in the group', 'are not of customers in the group'),
    facet: 'customer_group', mentions: listed,
  }),
  customer_tag: condition({
    settings: anyOrNone,
    needs: ['customer'],
    check: checkLists,
    prepare: (settings: AnyOrNone) => ({ demand }) => someOf(settings, demand.customer?.tags ?? []),
    phrase: 'the rule is for customers with other tags',
    say: (settings) => sayLists(settings, 'are of customers tagged', 'are not of customers tagged'),
    facet: 'customer_tags', mentions: listed,
  }),
  first_order: condition({
    settings: { is: Type.Boolean() },
    needs: ['customer'],
    prepare: ({ is }) => ({ demand }) => (demand.customer?.first_order ?? true) === is,
    phrase: 'the rule asks whether it is the first order of the customer',
    say: ({ is }) => (is ? 'are the first of their customer' : 'are not the first of their customer'),
    facet: 'first_order', mentions: () => [],
  }),
}
