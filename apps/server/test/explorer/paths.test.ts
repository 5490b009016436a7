import { afterAll, beforeAll, expect, test } from 'vitest'
import { useApp } from '../harness/app.ts'
import { openExplorer, type Explorer } from './explore.ts'
import { PATHS } from './paths/index.ts'
import { seededRandom } from '../harness/random.ts'
import { openWorkshop } from './workshop.ts'

/**
 * Two calls at once: every schedule there is, up to the order of steps that commute. Three at once: some
 * by chance here, all in `npm run campaign -- explore`.
 */
const app = useApp()
let explorer: Explorer
beforeAll(async () => { explorer = await openExplorer(await openWorkshop(app())) })
afterAll(() => explorer.close())

const [pairs, triples] = [PATHS.filter(({ calls }) => calls.length === 2), PATHS.filter(({ calls }) => calls.length > 2)]

test.each(pairs.map((path) => [path.name, path] as const))('%s', async (_name, path) => {
  expect((await explorer.enumerate(path)).complete).toBe(true)
})

const SOME = 4
const seed = Math.floor(Math.random() * 2 ** 31)

test.each(triples.map((path) => [path.name, path] as const))(`%s (some, seed ${seed})`, async (_name, path) => {
  expect((await explorer.sample(path, SOME, seededRandom(seed))).schedules).toBe(SOME)
})
