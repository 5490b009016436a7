import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One place of code or schema made wrong, so that an identity no longer holds. Some test has to fail. */
export type Mutant = {
  /** What is wrong, in a few words. */
  name: string
  /** A check of audit.sql, by its name, or a promise. */
  identity: string
  /** Below apps/server, like the tests. */
  file: string
  /** The exact text, which stands there once, and what stands there instead. */
  before: string
  after: string
  /** The test files that ought to notice. */
  tests: readonly string[]
  /** Of those only the tests whose name contains this. */
  only?: string
}

/** What no query can see afterwards and must hold all the same. */
export const PROMISES = [
  'a key has one effect',
  'a committed change has its events, its audit entry and its jobs',
  'the feed misses no event',
  'no unit is sold twice',
  'a unit leaves once',
  'a unit comes back once, and only after it left',
  'a box has one active label',
  'money moves once',
  'an external id is one order',
  'one bad item fails no other',
] as const

export const SERVER = join(import.meta.dirname, '../..')

/** The file with the mutation in it. Throws where the text is not there, or more than once: the mutant is out of date. */
export function mutate({ name, file, before, after }: Mutant, folder = SERVER): string {
  const text = readFileSync(join(folder, file), 'utf8')
  const times = text.split(before).length - 1
  if (times !== 1) throw new Error(`the text of the mutant "${name}" stands ${times} times in ${file}`)
  if (before === after) throw new Error(`the mutant "${name}" changes nothing`)
  return text.replace(before, () => after)
}

/** A schema mutant needs a database that is migrated by it. */
export function isOfSchema({ file }: Mutant): boolean {
  return file.startsWith('migrations/')
}
