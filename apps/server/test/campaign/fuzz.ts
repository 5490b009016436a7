import { addUp, describeRounds, explain, openFuzzer, type Round } from '../fuzz/fuzz.ts'
import { cloneDatabase } from '../harness/database.ts'
import { startTemplate } from '../harness/global.ts'
import type { Campaign } from './cli.ts'

const INPUTS = 10_000
/** Beyond these many inputs a retailer is worn out: the next ones meet a fresh one, with a seed of its own. */
const INPUTS_PER_RETAILER = 500

export const fuzz: Campaign = {
  about: 'every operation of openapi.json with generated inputs, several hundred to each retailer',
  minutes: undefined,
  options: { inputs: `how many inputs each operation gets (${INPUTS})` },
  run: ({ seed, until, options: { inputs = String(INPUTS) } }) => runFuzz(seed, until, Number(inputs)),
}

/** Says what was found, and how far the inputs came. */
async function runFuzz(seed: number, until: number, inputs: number): Promise<boolean> {
  const template = await startTemplate()
  const totals = new Map<string, Round>()
  try {
    for (let done = 0; done < inputs && Date.now() < until; done += INPUTS_PER_RETAILER) {
      const { url, drop } = await cloneDatabase(template.url)
      const fuzzer = await openFuzzer(url, seed + done / INPUTS_PER_RETAILER)
      for (const operation of fuzzer.operations) {
        if (Date.now() > until) break
        const round = await fuzzer.run(operation, Math.min(INPUTS_PER_RETAILER, inputs - done))
        totals.set(operation.id, addUp(totals.get(operation.id), round))
        for (const finding of round.findings) process.stdout.write(`${explain(finding)}\n`)
      }
      await fuzzer.stop()
      await drop()
      process.stdout.write(`seed ${seed + done / INPUTS_PER_RETAILER}: ${[...totals.values()].reduce((sum, round) => sum + round.inputs, 0)} inputs so far\n`)
    }
  } finally {
    await template.stop()
  }
  const rounds = [...totals.values()]
  process.stdout.write(`${describeRounds(rounds)}\n`)
  return rounds.every(({ findings }) => findings.length === 0)
}
