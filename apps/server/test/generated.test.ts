import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generatedFiles, MACHINES, ROOT } from '../src/generated.ts'
import { unreachableStates } from '../src/kernel/machine.ts'
import { startApp, type TestApp } from './harness/app.ts'
import { cloneDatabase } from './harness/database.ts'

let app: TestApp
let drop: () => Promise<void>
let files: Map<string, string>

beforeAll(async () => {
  const database = await cloneDatabase()
  drop = database.drop
  app = await startApp(database.url)
  files = await generatedFiles(app.application)
})
afterAll(async () => {
  await app.application.stop()
  await drop()
})

test.each(['openapi.json', 'schema.sql', 'packages/client/src/schema.d.ts', 'docs/states.md'])('%s is what the code says; else run npm run generate', async (path) => {
  expect(await readFile(join(ROOT, path), 'utf8') === files.get(path), `${path} is out of date: run npm run generate and commit it`).toBe(true)
})

test.each(MACHINES.map((machine) => [machine.name, machine] as const))('every state of %s can be reached', (_, machine) => {
  expect(unreachableStates(machine)).toEqual([])
})

describe('openapi.json', () => {
  type Node = { [key: string]: unknown }
  const document = (): Node => JSON.parse(files.get('openapi.json')!) as Node

  test('resolves every reference', () => {
    const root = document()
    const broken: string[] = []
    const visit = (node: unknown): void => {
      if (node === null || typeof node !== 'object') return
      const reference = (node as Node)['$ref']
      if (typeof reference === 'string') {
        const found = reference.slice(2).split('/').reduce<unknown>((at, key) => (at as Node | undefined)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], root)
        if (found === undefined) broken.push(reference)
      }
      Object.values(node).forEach(visit)
    }
    visit(root)
    expect(broken).toEqual([])
  })

  test('has an operation for every route that is no page, with its answer, its problems and its permission', () => {
    const operations = Object.values(document()['paths'] as Node).flatMap((path) => Object.values(path as Node)) as { operationId: string; responses: Node; summary: string; 'x-permission': string }[]
    const routes = app.application.modules.flatMap(({ routes: own }) => own).filter(({ page }) => page !== true)
    expect(operations.map(({ operationId }) => operationId).sort()).toEqual(routes.map(({ operation_id }) => operation_id).sort())
    for (const operation of operations) {
      expect(Object.keys(operation.responses).some((status) => status.startsWith('2')), operation.operationId).toBe(true)
      expect(operation.summary.length, operation.operationId).toBeGreaterThan(3)
      expect(operation['x-permission'], operation.operationId).toBeTruthy()
    }
  })
})
