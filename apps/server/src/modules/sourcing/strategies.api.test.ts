import { beforeAll, describe, expect, test } from 'vitest'
import { useApp } from '../../../test/harness/app.ts'
import { openShop } from '../../../test/harness/shop.ts'

const app = useApp()
beforeAll(async () => { await openShop(app()) })

const strategies = async () => (await app().get('/v1/routing-strategies')).body.data as { id: string; code: string; strategy_version: number; active: boolean; rules: object[] }[]

describe('strategies', () => {
  test('that are shown can be saved again as the next version', async () => {
    const [first] = await strategies()
    const saved = await app().post('/v1/routing-strategies', { code: first!.code, name: 'The same again', rules: first!.rules })
    expect([saved.status, saved.body['strategy_version']], saved.text).toEqual([201, first!.strategy_version + 1])
  })

  test('saved by many at once count on, and activated by many at once leave one in use', async () => {
    const [{ rules } = { rules: [] }] = await strategies()
    const saved = await Promise.all(Array.from({ length: 8 }, () => app().post('/v1/routing-strategies', { code: 'rivals', name: 'Rivals', rules })))
    expect(new Set(saved.map(({ body }) => body['strategy_version']))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]))
    const activated = await Promise.all(saved.map(({ body }) => app().post(`/v1/routing-strategies/${String(body['id'])}/activate`)))
    expect(activated.map(({ status }) => status)).toEqual(saved.map(() => 200))
    expect((await strategies()).filter(({ active }) => active)).toHaveLength(1)
  })
})
