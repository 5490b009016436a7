import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { useApp } from '../../../test/harness/app.ts'
import { openShop } from '../../../test/harness/shop.ts'
import { CONDITIONS } from './conditions.ts'
import { FILTERS } from './filters.ts'
import { FINDING_KINDS } from './lint/lint.ts'
import { RANKINGS } from './rankings.ts'

const DOC = readFileSync(join(import.meta.dirname, '../../../../../docs/routing.md'), 'utf8')
const strategies = [...DOC.matchAll(/```json\n(\{\n {2}"code"[\s\S]*?)```/g)].map(([, text]) => JSON.parse(text!) as { code: string; examples: object[] })

const app = useApp()
beforeAll(async () => {
  await openShop(app())
  await app().post('/v1/location-groups', { code: 'warehouses', name: 'Warehouses', locations: ['leeds', 'london'] })
  await app().patch('/v1/locations/york', { custom_fields: { delivers_to: 'YO, HG', night_shift: true } })
})

describe('docs/routing.md', () => {
  test.each(strategies.map((strategy) => [strategy.code, strategy] as const))('%s can be saved as it stands: no error is found, its examples come out', async (_code, strategy) => {
    const saved = await app().post('/v1/routing-strategies', strategy)
    expect(saved.status, saved.text).toBe(201)
    expect((saved.body['findings'] as { severity: string }[]).filter(({ severity }) => severity !== 'note')).toEqual([])
    expect((saved.body['examples'] as { mismatches: string[] }[]).flatMap(({ mismatches }) => mismatches)).toEqual([])
    expect(strategy.examples.length).toBeGreaterThan(0)
    expect((await app().post(`/v1/routing-strategies/${String(saved.body['id'])}/activate`)).status).toBe(200)
    expect((await app().get(`/v1/routing-strategies/${String(saved.body['id'])}?sentences=true`)).status).toBe(200)
  })

  test('names everything that rules are made of, and everything the linter finds', () => {
    expect(strategies).toHaveLength(3)
    for (const name of [...Object.keys(CONDITIONS), ...Object.keys(FILTERS), ...Object.keys(RANKINGS), ...FINDING_KINDS]) expect(DOC, name).toContain(`\`${name}\``)
  })

  test('shows the criterion as it is', () => {
    const criterion = readFileSync(join(import.meta.dirname, 'criteria/territory.ts'), 'utf8')
    expect(DOC).toContain(`\`\`\`ts\n${criterion}\`\`\``)
  })
})
