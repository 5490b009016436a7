import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { auditChecks } from '../../src/audit.ts'
import { hunt } from './hunt.ts'
import { MUTANTS } from './lists/index.ts'
import { mutate, PROMISES, SERVER } from './mutant.ts'
import { openScratch } from './scratch.ts'

describe('mutants', () => {
  test('still fit: each text stands in its file once, and the tests are there', () => {
    for (const mutant of MUTANTS) {
      expect(() => mutate(mutant)).not.toThrow()
      expect(mutant.tests.filter((file) => !existsSync(join(SERVER, file)))).toEqual([])
    }
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
  })

  test('break every identity, and nothing else', async () => {
    const identities = [...(await auditChecks()).map(({ name }) => name), ...PROMISES]
    expect([...new Set(MUTANTS.map(({ identity }) => identity))].toSorted()).toEqual(identities.toSorted())
  })

  /** All of them are hunted by `npm run campaign -- mutants`. */
  test('are noticed: two of the fastest', async () => {
    const scratch = await openScratch(inject('template_url'))
    try {
      for (const name of ['a GTIN may have any check digit', 'a key that was used is not looked up']) {
        const { killer } = await hunt(scratch, MUTANTS.find((mutant) => mutant.name === name)!, false)
        expect(killer, name).toBeDefined()
      }
      expect(await scratch.run({ tests: ['src/kernel/gtin.test.ts'] }), 'what is mutated is whole again').toBeUndefined()
    } finally {
      await scratch.close()
    }
  }, 120_000)
})
