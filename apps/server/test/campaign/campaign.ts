import { parseArgs } from 'node:util'
import { runFuzz } from './fuzz.ts'

/** What a campaign is told: the seed that decides everything random, and how long or how much. */
export type CampaignOptions = { seed: number; inputs: number | undefined; minutes: number | undefined }

/** Long forms of what `npm test` does in short: `npm run campaign -- NAME --seed S …`. Each answers whether all held. */
const CAMPAIGNS: Readonly<Record<string, (options: CampaignOptions) => Promise<boolean>>> = {
  fuzz: runFuzz,
}

const { positionals: [name = ''], values } = parseArgs({ allowPositionals: true, options: { seed: { type: 'string' }, inputs: { type: 'string' }, minutes: { type: 'string' } } })
const campaign = CAMPAIGNS[name]
const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))
if (campaign === undefined) {
  process.stderr.write(`usage: npm run campaign -- ${Object.keys(CAMPAIGNS).join('|')} [--seed S] [--inputs N] [--minutes N]\n`)
  process.exitCode = 2
} else {
  const seed = numberOf(values.seed) ?? Math.floor(Math.random() * 2 ** 31)
  process.stdout.write(`${name}, seed ${seed}\n`)
  process.exitCode = (await campaign({ seed, inputs: numberOf(values.inputs), minutes: numberOf(values.minutes) })) ? 0 : 1
}
