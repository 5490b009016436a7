import type { FieldError } from '../../kernel/problem.ts'
import type { Reference } from './criterion.ts'
import type { Rule } from './strategy.ts'
import { listEntries } from './strategy-schema.ts'

/** What there is to be named: channels, locations and groups by code, shipping methods, fields of order forms. */
export type Known = Readonly<Record<Reference['kind'] | 'location_group', ReadonlySet<string>>>

const REMEDY: Readonly<Record<keyof Known, (name: string) => string>> = {
  channel: (name) => `There is no channel "${name}". Use the code of one that exists, or add it first.`,
  location: (name) => `There is no location "${name}". Use the code of one that exists, or add it first.`,
  location_group: (name) => `There is no location group "${name}". Use the code of one that exists, or add it first.`,
  shipping_method: (name) => `There is no shipping method "${name}". Use one of the rate tables, or add it there first.`,
  order_field: (name) => `No channel's order form has a field "${name}". Add it to the form first.`,
}

/** What the rules name and does not exist. The rules have passed `validateStrategy`. */
export function validateReferences(rules: readonly Rule[], known: Known): FieldError[] {
  return rules.flatMap((rule, index) => {
    const pointer = `/rules/${index}`
    const named = listEntries(rule, pointer).flatMap(({ entry, setting, at }) => (entry.refers?.(setting as never) ?? []).map((reference) => ({ ...reference, pointer: at + reference.pointer })))
    const groups = rule.location_groups.map((name, group) => ({ kind: 'location_group' as const, name, pointer: `${pointer}/location_groups/${group}` }))
    return [...named, ...groups].flatMap(({ kind, name, pointer: at }) => (known[kind].has(name) ? [] : [{ pointer: at, code: `unknown_${kind}`, detail: REMEDY[kind](name) }]))
  })
}
