import { parseArgs } from 'node:util'
import { crash } from './crash.ts'
import { explore } from './explore.ts'
import { fuzz } from './fuzz.ts'
import { mutants } from './mutants.ts'

/** A long test that is not part of `npm test`. Says what it did on standard output and answers whether all was well. */
export type Campaign = {
  about: string
  /** How long it goes on unless told otherwise; undefined where it ends by itself. */
  minutes: number | undefined
  /** Options beside `--seed` and `--minutes`, with their explanation. */
  options: Readonly<Record<string, string>>
  /** It knows `--json`: a line of JSON for each result, and nothing else on standard output. */
  speaks_json?: true
  run: (given: Given) => Promise<boolean>
}

/** `until` is when to stop, as `Date.now()` tells the time. */
export type Given = { seed: number; until: number; json: boolean; options: Readonly<Record<string, string | undefined>> }

const CAMPAIGNS: Readonly<Record<string, Campaign>> = { crash, explore, fuzz, mutants }

function usage(): string {
  const lines = Object.entries(CAMPAIGNS).flatMap(([name, { about, options, speaks_json }]) => [`  ${name}  ${about}`, ...Object.entries({ ...options, ...(speaks_json ? { json: 'a line of JSON for each result' } : {}) }).map(([option, text]) => `      --${option}  ${text}`)])
  return `usage: npm run campaign -- NAME [--seed S] [--minutes N]\n${lines.join('\n')}\n`
}

async function main([name = '', ...args]: readonly string[]): Promise<number> {
  const campaign = Object.hasOwn(CAMPAIGNS, name) ? CAMPAIGNS[name] : undefined
  if (campaign === undefined) {
    process.stderr.write(usage())
    return 2
  }
  const text = { type: 'string' } as const
  let values: Record<string, string | undefined>
  let json = false
  try {
    const { json: wished, ...rest } = parseArgs({ args: [...args], options: { json: { type: 'boolean' }, seed: text, minutes: text, ...Object.fromEntries(Object.keys(campaign.options).map((option) => [option, text])) } }).values
    json = wished === true
    values = rest
    if (json && campaign.speaks_json !== true) throw new Error(`${name} has no --json`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage()}`)
    return 2
  }
  const { seed = String(Math.floor(Math.random() * 2 ** 31)), minutes = campaign.minutes?.toString(), ...options } = values
  if (!/^\d+$/.test(seed) || (minutes !== undefined && !/^\d+(\.\d+)?$/.test(minutes))) {
    process.stderr.write(`--seed is a whole number, --minutes a number\n${usage()}`)
    return 2
  }
  if (!json) process.stdout.write(`${name} --seed ${seed}${minutes === undefined ? '' : ` --minutes ${minutes}`}\n`)
  return (await campaign.run({ seed: Number(seed), until: minutes === undefined ? Infinity : Date.now() + Number(minutes) * 60_000, json, options })) ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
