import { crashCampaign } from '../crash/crash.ts'
import type { Campaign } from './cli.ts'

export const crash: Campaign = {
  about: 'servers and workers under load while processes, connections, backends and the database are killed',
  minutes: 10,
  options: {},
  run: async ({ seed, until }) => {
    const startedMs = performance.now()
    const report = await crashCampaign({
      seconds: Math.max(1, (until - Date.now()) / 1_000), seed,
      say: (text) => { process.stderr.write(`${((performance.now() - startedMs) / 1_000).toFixed(0).padStart(6)} s  ${text}\n`) },
    })
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    return report.wrong.length === 0
  },
}
