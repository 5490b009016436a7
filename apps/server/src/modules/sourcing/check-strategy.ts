import { Value } from 'typebox/value'
import { Type } from 'typebox'
import { invalid, type FieldError } from '../../kernel/problem.ts'
import type { Queryable } from '../../platform/db.ts'
import { Example, runExamples, validateExamples, type ExampleResult } from './examples.ts'
import { lintStrategy, type Lint } from './lint/lint.ts'
import { validateReferences } from './references.ts'
import type { Definition } from './strategies.db.ts'
import { schemaErrors, validateStrategy } from './strategy-schema.ts'
import { readShelf, readWorld } from './world.ts'

export type Checked = Lint & { examples: ExampleResult[] }

const Examples = Type.Array(Example, { maxItems: 200 })

/**
 * All that can be said of a strategy as things stand. Refuses with `invalid_input` what is wrong with it: its form, names
 * of what does not exist, examples that cannot be asked. Answers the findings and how the examples come out.
 */
export async function checkStrategy(db: Queryable, name: string, { rules, examples = [] }: Definition, now: Date): Promise<Checked> {
  const malformed = [...validateStrategy({ name, rules }), ...(Value.Check(Examples, examples) ? [] : schemaErrors(Examples, examples, '/examples'))]
  if (malformed.length > 0) throw invalid(malformed)
  const world = await readWorld(db, rules, now)
  const shelf = await readShelf(db, [...new Set(examples.flatMap(({ order }) => order.lines.map(({ sku }) => sku)))], now)
  const errors: FieldError[] = [...validateReferences(rules, world.known), ...validateExamples(examples, rules, world, shelf)]
  if (errors.length > 0) throw invalid(errors)
  return { ...lintStrategy(rules, world), examples: runExamples({ id: 'examples', version: 0, name, rules }, examples, world, shelf) }
}
