import type { Database } from '../../src/platform/db.ts'
import { sql } from '../../src/platform/sql.ts'

/**
 * What a statement does to a table, as far as another transaction can notice. `refer` is the share of the row that a
 * foreign key points to, `lock` the lock of an update or FOR NO KEY UPDATE, `own` that of a delete or FOR UPDATE, and
 * `ahead` says that it was taken by a FOR clause, before anything is written.
 */
const MODES = { read: 1, refer: 2, insert: 4, change: 8, lock: 16, own: 32, ahead: 64 } as const
type Mode = keyof typeof MODES

/** The tables a statement (or all of a transaction's so far) touches, with the modes as bits. */
export type Footprint = Map<string, number>

/** What must be known of the schema to tell which statements can wait for each other. */
export type Schema = {
  tables: ReadonlySet<string>
  /** Where foreign keys of a table point to. */
  parents: ReadonlyMap<string, readonly string[]>
  /** Tables in which two inserts may want the same place: those with a unique index over more than a generated id. */
  contested: ReadonlySet<string>
}

export async function readSchema(db: Database): Promise<Schema> {
  const tables = await db.rows<{ name: string; contested: boolean }>(sql`
    select c.relname as name, coalesce(bool_or(i.indisunique and not (i.indnkeyatts = 1 and a.attname = 'id')), false) as contested
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
      left join pg_index i on i.indrelid = c.oid left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
    where n.nspname = 'public' and c.relkind = 'r' group by c.relname`)
  const keys = await db.rows<{ child: string; parent: string }>(sql`
    select distinct c.relname as child, p.relname as parent from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_class p on p.oid = f.confrelid where f.contype = 'f'`)
  return {
    tables: new Set(tables.map(({ name }) => name)),
    parents: new Map([...Map.groupBy(keys, ({ child }) => child)].map(([child, list]) => [child, list.map(({ parent }) => parent)])),
    contested: new Set(tables.filter(({ contested }) => contested).map(({ name }) => name)),
  }
}

/**
 * Reads a statement's footprint from its text. Where in doubt it is larger than the truth, which costs schedules and hides
 * none. But for one thing: an update or delete in a table in which its transaction has locked rows `ahead` is taken to
 * touch no other rows. The house rule is to lock first; `isTrusted` statements that have to wait break it, and are reported.
 */
export function footprintOf(text: string, held: Footprint, schema: Schema): Footprint {
  const found: Footprint = new Map()
  const add = (table: string, ...modes: Mode[]): void => { if (schema.tables.has(table)) for (const mode of modes) found.set(table, (found.get(table) ?? 0) | MODES[mode]) }
  const hasLocked = (table: string): boolean => ((held.get(table) ?? 0) & MODES.ahead) !== 0
  const words = text.toLowerCase().replaceAll('"', '')
  for (const [word] of words.replaceAll(/insert into \S+/g, '').matchAll(/[a-z_]+/g)) add(word, 'read')
  for (const [, table] of words.matchAll(/insert into (?:\w+\.)?(\w+)/g)) {
    add(table!, 'insert')
    if (words.includes('do update')) add(table!, 'change', 'lock')
    for (const parent of schema.parents.get(table!) ?? []) add(parent, 'refer')
  }
  for (const [, table] of words.matchAll(/\bupdate (?:\w+\.)?(\w+)/g)) add(table!, 'change', ...(hasLocked(table!) ? [] : ['lock' as const]))
  for (const [, table] of words.matchAll(/delete from (?:\w+\.)?(\w+)/g)) add(table!, 'change', ...(hasLocked(table!) ? [] : ['own' as const]))
  for (const [, strength, alias] of words.matchAll(/for (no key update|update|share|key share)(?: of (\w+))?/g)) {
    const table = alias === undefined ? undefined : new RegExp(`(?:from|join|,) (?:\\w+\\.)?(\\w+) (?:as )?${alias}\\b`).exec(words)?.[1]
    for (const locked of table === undefined ? [...found.keys()] : [table]) add(locked, 'ahead', strength === 'update' ? 'own' : 'lock')
  }
  if (words.includes('advisory')) found.set('(advisory locks)', MODES.own)
  return found
}

/** Whether nobody should have to wait in this statement: it writes only where its transaction has locked rows before. */
export function isTrusted(footprint: Footprint): boolean {
  const all = [...footprint.values()].reduce((modes, more) => modes | more, 0)
  return (all & MODES.change) !== 0 && (all & (MODES.insert | MODES.lock | MODES.own)) === 0
}

export function addFootprint(to: Footprint, more: Footprint): void {
  for (const [table, modes] of more) to.set(table, (to.get(table) ?? 0) | modes)
}

/** Whether one of two open transactions may have to wait for the other, so that the order of these statements matters. */
export function mayWait(a: Footprint, b: Footprint, { contested }: Schema): boolean {
  return meets(a, b, (one, other, table) => {
    const { refer, insert, lock, own } = MODES
    const stops = (x: number, y: number): boolean => (x & own) !== 0 && (y & (refer | lock | own)) !== 0
    return stops(one, other) || stops(other, one) || ((one & lock) !== 0 && (other & lock) !== 0) || (contested.has(table) && (one & insert) !== 0 && (other & insert) !== 0)
  })
}

/** Whether it matters to a statement that a transaction which did `held` has ended: rows have appeared or changed. */
export function mayNotice(held: Footprint, statement: Footprint, schema: Schema): boolean {
  const { read, insert, change, lock, own } = MODES
  return mayWait(held, statement, schema) || meets(held, statement, (done, does) => (done & (insert | change)) !== 0 && (does & (read | change | lock | own)) !== 0)
}

function meets(a: Footprint, b: Footprint, matter: (one: number, other: number, table: string) => boolean): boolean {
  for (const [table, modes] of a) {
    const other = b.get(table)
    if (other !== undefined && matter(modes, other, table)) return true
  }
  return false
}
