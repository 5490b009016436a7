import { beforeAll, describe, expect, test } from 'vitest'
import { BUILT_IN_ROLES } from '../src/modules/identity/index.ts'
import { createServer } from '../src/platform/http/server.ts'
import { route, type Route } from '../src/platform/http/route.ts'
import { useApp } from './harness/app.ts'

const app = useApp()
const keys = new Map<string, string>()

beforeAll(async () => {
  for (const [role, { permissions }] of Object.entries(BUILT_IN_ROLES)) {
    const made = await app().post('/v1/api-keys', { name: role, permissions: [...permissions] })
    if (made.status !== 201) throw new Error(`${role}: ${made.text}`)
    keys.set(role, String(made.body['key']))
  }
})

const guarded = (): Route[] => app().application.modules.flatMap(({ routes }) => routes).filter(({ permission }) => permission !== 'public')
const urlOf = ({ url }: Route): string => url.replaceAll(/:\w+/g, 'x')
/** Streams do not end; whether they are guarded shows before they begin. */
const endless = new Set(['streamEvents'])

describe('every route', () => {
  test('turns away whoever says not who they are', async () => {
    for (const one of guarded()) {
      const response = await app().application.server.inject({ method: one.method, url: urlOf(one) })
      expect([one.operation_id, response.statusCode]).toEqual([one.operation_id, 401])
    }
  })

  test('that is public asks nobody who they are', async () => {
    for (const one of app().application.modules.flatMap(({ routes }) => routes).filter(({ permission }) => permission === 'public')) {
      const response = await app().application.server.inject({ method: one.method, url: urlOf(one), ...(one.method === 'GET' ? {} : { payload: {} }) })
      expect([one.operation_id, [401, 403].includes(response.statusCode) || response.statusCode >= 500]).toEqual([one.operation_id, false])
    }
  })

  test.each(Object.keys(BUILT_IN_ROLES))('lets %s do what the role may and nothing else', async (role) => {
    const permissions = BUILT_IN_ROLES[role]!.permissions
    for (const one of guarded()) {
      const allowed = one.permission === 'signed_in' || permissions.includes('*') || permissions.includes(one.permission)
      if (allowed && endless.has(one.operation_id)) continue
      const answer = await app().call(one.method, urlOf(one), one.method === 'GET' ? undefined : {}, { key: keys.get(role)! })
      if (allowed) expect([one.operation_id, answer.status >= 500 || answer.status === 401 || (answer.status === 403 && answer.body['permission'] === one.permission)]).toEqual([one.operation_id, false])
      else expect([one.operation_id, answer.status, answer.body.code]).toEqual([one.operation_id, 403, 'forbidden'])
    }
  })
})

test('every permission that a role names is declared by a module', () => {
  const declared = Object.keys(app().application.permissions)
  const named = Object.values(BUILT_IN_ROLES).flatMap(({ permissions }) => permissions).filter((permission) => permission !== '*')
  expect([...new Set(named)].filter((permission) => !declared.includes(permission))).toEqual([])
})

test('the server does not start with a route whose permission nobody declares', async () => {
  const forgotten = route({ operation_id: 'forgotten', method: 'GET', url: '/v1/forgotten', tag: 'test', permission: 'nobody:knows', summary: 'Forgotten', reply: { status: 200 }, handle: async () => undefined })
  const { db, executor, log, permissions } = app().application
  await expect(createServer({ db, executor, log, permissions, problems: {}, routes: [forgotten], authenticate: async () => undefined })).rejects.toThrow('known permission')
})
