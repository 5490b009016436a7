import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { command, type Command } from '../../src/platform/command.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { Database, Tx } from '../../src/platform/db.ts'
import { refuse } from '../../src/kernel/problem.ts'
import { arrayOf, sql } from '../../src/platform/sql.ts'
import { openExplorer, type Explorer } from './explore.ts'
import { definePath, type Path } from './path.ts'
import { openWorkshop, type Workshop } from './workshop.ts'
import { asSystem, useApp } from '../harness/app.ts'

/** Whether the explorer finds what it is for: naive code is explored here, on a table of its own. */
const app = useApp()
let explorer: Explorer
beforeAll(async () => {
  const shop = await openWorkshop(app())
  await shop.application.db.run(sql`create table shelves (id uuid primary key, units int not null)`)
  explorer = await openExplorer(shop)
})
afterAll(() => explorer.close())

type Shelves = { ids: string[] }

/** Worlds of two shelves with one unit each, in id order. */
async function shelves({ application: { db } }: Workshop, count: number): Promise<Shelves[]> {
  const worlds = Array.from({ length: count }, () => ({ ids: [newId(), newId()] }))
  await db.run(sql`insert into shelves select id, 1 from unnest(${arrayOf(worlds.flatMap(({ ids }) => ids), 'uuid')}) id`)
  return worlds
}

const unitsLeft = async (db: Database, { ids }: Shelves): Promise<string> => (await db.rows<{ units: number }>(sql`select units from shelves where id = any(${arrayOf(ids, 'uuid')}) order by id`)).map(({ units }) => units).join(' and ')

type Take = (tx: Tx, id: string) => Promise<boolean>

const looksFirst: Take = async (tx, id) => {
  const { units } = await tx.one<{ units: number }>(sql`select units from shelves where id = ${id}`)
  return units > 0 && (await tx.run(sql`update shelves set units = ${units - 1} where id = ${id}`)) === 1
}
const takesIfThere: Take = async (tx, id) => (await tx.run(sql`update shelves set units = units - 1 where id = ${id} and units > 0`)) === 1

function taking(take: Take): Command<readonly string[], object> {
  return command('test.take', 'public', async ({ tx }, ids) => {
    for (const id of ids) if (!(await take(tx, id))) throw refuse('out_of_stock', 'Nothing is left.')
    return {}
  })
}

/** Calls that take units from these shelves of their world, in this order. */
function pathOf(name: string, take: Take, calls: readonly (readonly number[])[], endings: readonly string[]): Path {
  const run = taking(take)
  return definePath<Shelves>({ name, prepare: shelves, state: unitsLeft, endings, calls: calls.map((picks) => (executor, { ids }) => executor.run(run, picks.map((pick) => ids[pick]!), asSystem)) })
}

const ONE_WINS = ['ok, out_of_stock: 0 and 1', 'out_of_stock, ok: 0 and 1']

describe('the explorer finds', () => {
  test('a unit sold twice by who looks first and writes then, with the schedule that does it', async () => {
    const naive = pathOf('naive', looksFirst, [[0], [0]], ONE_WINS)
    const finding = await explorer.enumerate(naive).catch((error: unknown) => String(error))
    expect(finding).toContain('ended with "ok, ok: 0 and 1", which must not be')
    const schedule = /schedule (\d+)/.exec(String(finding))![1]!
    await expect(explorer.replay(naive, Array.from(schedule, Number))).rejects.toThrow('"ok, ok: 0 and 1"')
  })

  test('nothing where the same is one conditional update', async () => {
    expect((await explorer.enumerate(pathOf('conditional', takesIfThere, [[0], [0]], ONE_WINS))).complete).toBe(true)
  })

  test('the deadlock of who locks in the order asked for, though the second try would have hidden it', async () => {
    await expect(explorer.enumerate(pathOf('unsorted', takesIfThere, [[0, 1], [1, 0]], ['ok, out_of_stock: 0 and 0', 'out_of_stock, ok: 0 and 0']))).rejects.toThrow('deadlock (40P01')
  })

  test('no deadlock where both lock in the same order', async () => {
    expect((await explorer.enumerate(pathOf('sorted', takesIfThere, [[0, 1], [0, 1]], ['ok, out_of_stock: 0 and 0', 'out_of_stock, ok: 0 and 0']))).complete).toBe(true)
  })

  test('an ending that was expected and never comes', async () => {
    await expect(explorer.enumerate(pathOf('apart', takesIfThere, [[0], [1]], ['ok, ok: 0 and 0', 'ok, out_of_stock: 0 and 1']))).rejects.toThrow('no schedule ended with "ok, out_of_stock: 0 and 1"')
  })

  test('a row that only the auditor sees', async () => {
    const key = command('test.key', 'public', async ({ tx }, id: string) => {
      await tx.run(sql`insert into idempotency_keys (caller_id, key, command, input_hash, created_at, outcome) values (${id}, ${id}, 'test', '', now(), '{}')`)
      return {}
    })
    const path = definePath<Shelves>({ name: 'audited', prepare: shelves, endings: ['ok, ok'], calls: [0, 1].map((pick) => (executor, { ids }) => executor.run(key, ids[pick]!, asSystem)) })
    await expect(explorer.enumerate(path)).rejects.toThrow('the auditor finds')
    await app().application.db.run(sql`delete from idempotency_keys where command = 'test'`)
  })
})

describe('one schedule of those that differ only in the order of steps that commute', () => {
  const looksAround: Take = async (tx, id) => {
    await tx.rows(sql`select count(*) from channels`)
    return looksFirst(tx, id)
  }

  test.each([
    ['two that look around first', looksAround, [[0], [0]]],
    ['three, one of which takes two units', takesIfThere, [[0, 1], [1], [0]]],
  ] as const)('shows every ending that all schedules show: %s', async (name, take, calls) => {
    const { endings: _, ...path } = pathOf(name, take, calls, [])
    const [one, all] = [await explorer.enumerate(path), await explorer.enumerate(path, { reduce: false })]
    expect([...one.endings.keys()].toSorted()).toEqual([...all.endings.keys()].toSorted())
    expect([one.complete, all.complete, one.schedules < all.schedules]).toEqual([true, true, true])
  })
})
