import type { LineTest } from '../criterion.ts'
import type { DemandLine } from '../demand.ts'
import type { ItemMention } from '../conditions/items.ts'
import type { Item } from './sketch.ts'

/** Kinds of items, and sets of them, beyond which the rules have too many item conditions to be reasoned about. */
const MAX_KINDS = 512
const MAX_SETS = 4_096

/**
 * Sets of items that cover all orders: for each way in which some line, and every line, of an order can pass the tests,
 * one set with few lines. Built up from single items by adding one more as long as something new comes out.
 */
export function coverItems(tests: readonly LineTest[], mentions: readonly ItemMention[]): { values: readonly (readonly Item[])[]; complete: boolean } {
  const kinds = listKinds(tests, mentions)
  const passes = kinds.items.map((item) => tests.map((test) => test(lineOfItem(item))))
  const sets = new Map<string, { items: Item[]; some: boolean[]; every: boolean[] }>()
  const add = (items: Item[], some: boolean[], every: boolean[]): void => {
    const key = [...some, ...every].map(Number).join('')
    if (!sets.has(key)) sets.set(key, { items, some, every })
  }
  kinds.items.forEach((item, kind) => { add([item], passes[kind]!, passes[kind]!) })
  // A map is walked in the order of insertion, also over what is added on the way.
  for (const { items, some, every } of sets.values()) {
    if (sets.size > MAX_SETS) break
    kinds.items.forEach((item, kind) => { add([...items, item], some.map((one, test) => one || passes[kind]![test]!), every.map((one, test) => one && passes[kind]![test]!)) })
  }
  return { values: [...sets.values()].map(({ items }) => items), complete: kinds.complete && sets.size <= MAX_SETS }
}

/** Items that pass different tests. Each test looks at one attribute, so attributes are varied one after the other. */
function listKinds(tests: readonly LineTest[], mentions: readonly ItemMention[]): { items: Item[]; complete: boolean } {
  let items: Item[] = [{ tags: [], custom_fields: {} }]
  let complete = true
  const vary = (variants: (item: Item) => Item[]): void => {
    const seen = new Map<string, Item>()
    for (const item of items.flatMap(variants)) {
      const key = tests.map((test) => Number(test(lineOfItem(item)))).join('')
      if (!seen.has(key)) seen.set(key, item)
    }
    complete &&= seen.size <= MAX_KINDS
    items = [...seen.values()].slice(0, MAX_KINDS)
  }
  const skus = mentions.flatMap(({ sku }) => (sku === undefined ? [] : [String(sku)]))
  vary((item) => [item, ...skus.map((sku) => ({ ...item, sku }))])
  vary((item) => [item, ...mentions.flatMap(({ product_type }) => (product_type === undefined ? [] : [{ ...item, product_type: String(product_type) }]))])
  for (const { tag } of mentions) if (tag !== undefined) vary((item) => [item, { ...item, tags: [...item.tags, String(tag)] }])
  for (const field of new Set(mentions.flatMap(({ field: name }) => name ?? []))) {
    const values = mentions.flatMap((mention) => (mention.field === field ? [mention.value] : []))
    vary((item) => [item, ...aroundAll(values).map((value) => ({ ...item, custom_fields: { ...item.custom_fields, [field]: value } }))])
  }
  return { items, complete }
}

/** The values themselves and, of numbers, what lies between and beside them. */
export function aroundAll(values: readonly unknown[]): unknown[] {
  const numbers = [...new Set(values.filter((value) => typeof value === 'number'))].toSorted((a, b) => a - b)
  const between = numbers.flatMap((number, index) => [number - 1 < (numbers[index - 1] ?? -Infinity) ? (number + numbers[index - 1]!) / 2 : number - 1, number])
  return [...new Set([...values.filter((value) => typeof value !== 'number'), ...between, ...(numbers.length === 0 ? [] : [numbers.at(-1)! + 1])])]
}

function lineOfItem({ sku = '', tags, product_type, custom_fields }: Item): DemandLine {
  return { line_id: '', variant_id: sku, sku, quantity: 1, weight_grams: 0, unit_price: 0n, set: null, tags, product_type: product_type ?? null, custom_fields, excluded_location_ids: [] }
}
