import { isOfSchema, type Mutant } from './mutant.ts'
import { openScratch, type Failure, type Scratch, type TestRun } from './scratch.ts'

/** What became of a mutant: the test that failed, or nothing, and how long it took. */
export type Hunted = { mutant: Mutant; killer: Failure | undefined; seconds: number }

/**
 * Everything that may notice, where the named tests did not. Left out are those that look at the text and not at what it
 * does, and those that hunt mutants or measure.
 */
const ALL: TestRun = {
  tests: ['src', 'test'], env: { SWITCHYARD_FUZZ_INPUTS: '50' },
  exclude: ['**/tidy.test.ts', '**/generated.test.ts', '**/mutants.test.ts', '**/bench.test.ts', '**/embedded-postgres.test.ts'],
}

/** What a mutant looks like whose own text is at fault: it was never put to the test. */
const NEVER_RAN = /SyntaxError|ReferenceError|PARSE_ERROR|Transform failed|Failed to parse|Unexpected token|syntax error at/

/** Hunts one mutant: first by the tests that ought to notice, then by all of them. */
export async function hunt(scratch: Scratch, mutant: Mutant, everywhere: boolean): Promise<Hunted> {
  const startedMs = performance.now()
  const killer = await scratch.runMutated(mutant, [{ tests: mutant.tests, only: mutant.only }, ...(everywhere ? [ALL] : [])])
  if (killer !== undefined && NEVER_RAN.test(killer.message)) throw new Error(`the mutant "${mutant.name}" does not run:\n${killer.message}`)
  return { mutant, killer, seconds: (performance.now() - startedMs) / 1_000 }
}

/** Hunts all of them, each of the lanes on a copy of its own. */
export async function huntAll(templateUrl: string, mutants: readonly Mutant[], lanes: number, tell: (hunted: Hunted) => void): Promise<Hunted[]> {
  // Schema mutants take longest, so that they are not what everybody waits for in the end.
  const waiting = mutants.toSorted((a, b) => Number(isOfSchema(b)) - Number(isOfSchema(a)))
  const done: Hunted[] = []
  await Promise.all(Array.from({ length: lanes }, async () => {
    const scratch = await openScratch(templateUrl)
    try {
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        const hunted = await hunt(scratch, mutant, true)
        done.push(hunted)
        tell(hunted)
      }
    } finally {
      await scratch.close()
    }
  }))
  return done.toSorted((a, b) => mutants.indexOf(a.mutant) - mutants.indexOf(b.mutant))
}
