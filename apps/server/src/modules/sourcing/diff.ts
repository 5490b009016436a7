import type { Definition } from './strategies.db.ts'

/** One difference between two versions: of the strategy itself, of a rule by its id, or of an example by its name. */
export type Difference = { of: 'strategy' | 'rule' | 'example'; id: string; change: 'added' | 'removed' | 'moved' | 'changed'; field: string | null; before: unknown; after: unknown }

type Version = { name: string; definition: Definition }

/** What is different in the later version, in its order; what is gone comes last. */
export function diffVersions(before: Version, after: Version): Difference[] {
  const renamed: Difference[] = before.name === after.name ? [] : [{ of: 'strategy', id: after.name, change: 'changed', field: 'name', before: before.name, after: after.name }]
  return [
    ...renamed,
    ...diffLists('rule', before.definition.rules, after.definition.rules, ({ id }) => id),
    ...diffLists('example', before.definition.examples ?? [], after.definition.examples ?? [], ({ name }) => name),
  ]
}

function diffLists<T extends object>(of: Difference['of'], before: readonly T[], after: readonly T[], nameOf: (item: T) => string): Difference[] {
  const earlier = new Map(before.map((item) => [nameOf(item), item]))
  const later = new Set(after.map(nameOf))
  const common = before.map(nameOf).filter((name) => later.has(name))
  const kept = after.map(nameOf).filter((name) => earlier.has(name))
  const changed = after.flatMap((item): Difference[] => {
    const id = nameOf(item)
    const old = earlier.get(id)
    if (old === undefined) return [{ of, id, change: 'added', field: null, before: null, after: item }]
    const moved = common.indexOf(id) === kept.indexOf(id) ? [] : [{ of, id, change: 'moved' as const, field: null, before: common.indexOf(id) + 1, after: kept.indexOf(id) + 1 }]
    return [...moved, ...diffFields(of, id, old, item)]
  })
  const gone = before.filter((item) => !later.has(nameOf(item))).map((item): Difference => ({ of, id: nameOf(item), change: 'removed', field: null, before: item, after: null }))
  return [...changed, ...gone]
}

function diffFields(of: Difference['of'], id: string, before: object, after: object): Difference[] {
  const [old, young] = [before as Record<string, unknown>, after as Record<string, unknown>]
  return [...new Set([...Object.keys(old), ...Object.keys(young)])].flatMap((field) => {
    const same = spell(old[field]) === spell(young[field])
    return same ? [] : [{ of, id, change: 'changed' as const, field, before: old[field] ?? null, after: young[field] ?? null }]
  })
}

/** The same text for the same value, in whatever order its keys are kept. */
function spell(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))) : part))
}
