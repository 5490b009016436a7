import { Finding, openExplorer, type Exploration, type Explorer } from '../explorer/explore.ts'
import { PATHS } from '../explorer/paths/index.ts'
import { seededRandom } from '../harness/random.ts'
import { openWorkshop } from '../explorer/workshop.ts'
import { startApp } from '../harness/app.ts'
import { cloneDatabase } from '../harness/database.ts'
import { startTemplate } from '../harness/global.ts'
import type { Campaign } from './cli.ts'

/** Schedules of one path that are run in order; where there are more, chance must do for the rest. */
const LIMIT = 1_000
/** Schedules by chance of each path in a round. */
const ROUND = 16

export const explore: Campaign = {
  about: 'all statement orders of two and three calls on everything scarce, then orders by chance until the time is over',
  minutes: 10,
  options: { path: 'only paths whose name contains this', schedule: 'one schedule of the path again, as a finding names it' },
  run: async ({ seed, until, options: { path: part = '', schedule } }) => {
    const paths = PATHS.filter(({ name }) => (schedule === undefined ? name.includes(part) : name === part))
    if (paths.length === 0) {
      process.stdout.write(`no path is called so; there are:\n${PATHS.map(({ name }) => `  ${name}`).join('\n')}\n`)
      return false
    }
    const template = await startTemplate()
    try {
      if (schedule !== undefined) await round(template.url, (explorer) => explorer.replay(paths[0]!, Array.from(schedule, Number)).then(report))
      else await exploreAll(template.url, paths, seededRandom(seed), until)
      return true
    } catch (error) {
      if (!(error instanceof Finding)) throw error
      process.stdout.write(`\n${error.message}\nagain: npm run campaign -- explore --path '${error.path}' --schedule ${error.schedule}\n`)
      return false
    } finally {
      await template.stop()
    }
  },
}

async function exploreAll(templateUrl: string, paths: typeof PATHS, random: () => number, until: number): Promise<void> {
  await round(templateUrl, async (explorer) => {
    for (const path of paths) report(await explorer.enumerate(path, { limit: LIMIT }))
  })
  let [rounds, schedules] = [0, 0]
  for (; Date.now() < until; rounds++) {
    // A database for each round: it does not grow, and the auditor stays fast.
    await round(templateUrl, async (explorer) => {
      for (const path of paths) if (Date.now() < until) schedules += (await explorer.sample(path, ROUND, random)).schedules
    })
  }
  process.stdout.write(`${schedules} schedules by chance in ${rounds} rounds\n`)
}

async function round(templateUrl: string, work: (explorer: Explorer) => Promise<void>): Promise<void> {
  const { url, drop } = await cloneDatabase(templateUrl)
  const app = await startApp(url)
  const explorer = await openExplorer(await openWorkshop(app))
  try {
    await work(explorer)
  } finally {
    await explorer.close()
    await app.application.stop()
    await drop()
  }
}

function report({ path, schedules, statements, complete, endings }: Exploration): void {
  const ways = [...endings].map(([ending, times]) => `${times} × ${ending}`).join(' | ')
  process.stdout.write(`${complete ? 'all ' : ''}${schedules} schedules, ${statements} steps: ${path}\n      ${ways}\n`)
}
