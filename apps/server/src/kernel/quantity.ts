/** Sums quantities of the same key: two lines on one SKU are added up before anything is checked. */
export function sumByKey<T>(items: readonly T[], key: (item: T) => string, quantity: (item: T) => number): Map<string, number> {
  const sums = new Map<string, number>()
  for (const item of items) sums.set(key(item), (sums.get(key(item)) ?? 0) + quantity(item))
  return sums
}

/** The items in groups of the same key, in order of first appearance. */
export function groupByKey<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}
