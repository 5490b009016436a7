import { Type, type TProperties } from 'typebox'
import { anyOrNone, anyOrNoneOf, bounds, checkLists, checkRange, condition, FieldName, inRange, listed, rangeOf, sayLists, sayRange, type AnyOrNoneOf, type LineTest, type Scalar } from '../criterion.ts'
import type { DemandLine } from '../demand.ts'
import type { OrderView } from '../order-view.ts'

/** What a line may be asked for, as the linter names it when it invents lines. */
export type ItemMention = { sku?: Scalar; tag?: Scalar; product_type?: Scalar; field?: string; value?: Scalar }

const lines = Type.Union([Type.Literal('any'), Type.Literal('every')], { description: 'Whether one line is enough or all must be so' })
type OfLines = { lines: 'any' | 'every' }

const ofLines = ({ lines: which }: OfLines, { demand }: OrderView, test: LineTest): boolean => (which === 'any' ? demand.lines.some(test) : demand.lines.every(test))
const sayLines = ({ lines: which }: OfLines): { does: string; does_not: string } => (which === 'any' ? { does: 'have an item', does_not: 'have no item' } : { does: 'have only items', does_not: 'have not only items' })

/** Of the lines, any or every one is in the first list, and not any or every one in the second. */
function ofItems<P extends TProperties>(extra: P, given: { matches: (line: DemandLine, wanted: readonly Scalar[], settings: never) => boolean; phrase: string; called: (settings: never) => string; mention: (value: Scalar, settings: never) => ItemMention; needs?: readonly 'items'[]; lists: TProperties }) {
  type Settings = AnyOrNoneOf & OfLines
  const testsOf = (settings: Settings): { wanted: LineTest | undefined; unwanted: LineTest | undefined } => {
    const test = (list: readonly Scalar[] | undefined): LineTest | undefined => (list === undefined ? undefined : (line) => given.matches(line, list, settings as never))
    return { wanted: test(settings.any_of), unwanted: test(settings.none_of) }
  }
  return condition({
    settings: { ...extra, ...given.lists, lines } as P & typeof anyOrNone & { lines: typeof lines },
    ...(given.needs === undefined ? {} : { needs: given.needs }),
    check: (settings) => checkLists(settings as Settings),
    prepare: (settings) => {
      const { wanted, unwanted } = testsOf(settings as Settings)
      return (order) => (wanted === undefined || ofLines(settings as Settings, order, wanted)) && (unwanted === undefined || !ofLines(settings as Settings, order, unwanted))
    },
    phrase: given.phrase,
    say: (settings) => {
      const { does, does_not } = sayLines(settings as Settings)
      const called = given.called(settings as never)
      return sayLists(settings, `${does} ${called}`, `${does_not} ${called}`)
    },
    facet: 'items',
    mentions: (settings) => listed(settings as Settings).map((value) => given.mention(value, settings as never)),
    lineTests: (settings) => Object.values(testsOf(settings as Settings)).filter((test) => test !== undefined),
  })
}

/** Conditions on what is ordered. Lines are those that need a location: services are none of them, bundles are their components. */
export const ITEM_CONDITIONS = {
  item_sku: ofItems({}, {
    lists: anyOrNone, matches: ({ sku }, wanted) => wanted.includes(sku), mention: (sku) => ({ sku }),
    called: () => 'with the SKU', phrase: 'the rule is for other SKUs',
  }),
  item_tag: ofItems({}, {
    lists: anyOrNone, needs: ['items'], matches: ({ tags }, wanted) => tags.some((tag) => wanted.includes(tag)), mention: (tag) => ({ tag }),
    called: () => 'tagged', phrase: 'the rule is for other items',
  }),
  item_type: ofItems({}, {
    lists: anyOrNone, needs: ['items'], matches: ({ product_type }, wanted) => product_type !== null && wanted.includes(product_type), mention: (product_type) => ({ product_type }),
    called: () => 'of the product type', phrase: 'the rule is for other types of products',
  }),
  item_field: ofItems({ field: FieldName }, {
    lists: anyOrNoneOf, needs: ['items'], matches: ({ custom_fields }, wanted, { field }: { field: string }) => wanted.includes(custom_fields[field] as Scalar), mention: (value, { field }: { field: string }) => ({ field, value }),
    called: ({ field }: { field: string }) => `whose ${field} is`, phrase: 'the rule is for items with other custom fields',
  }),
  item_number: condition({
    settings: { field: FieldName, ...rangeOf(), lines },
    needs: ['items'],
    check: checkRange,
    prepare: (settings) => {
      const test = numberTest(settings)
      return (order) => ofLines(settings, order, test)
    },
    phrase: 'the rule is for items with other custom fields',
    say: (settings) => `${sayLines(settings).does} whose ${settings.field} is ${sayRange(settings, '')}`,
    facet: 'items',
    mentions: (settings) => bounds(settings).map((value): ItemMention => ({ field: settings.field, value })),
    lineTests: (settings) => [numberTest(settings)],
  }),
}

function numberTest({ field, ...range }: { field: string; at_least?: number; below?: number }): LineTest {
  const fits = inRange(range)
  return ({ custom_fields }) => {
    const value = custom_fields[field]
    return typeof value === 'number' && fits(value)
  }
}

