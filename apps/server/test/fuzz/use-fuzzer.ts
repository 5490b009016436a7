import { afterAll, beforeAll, expect, test } from 'vitest'
import document from '../../../../openapi.json' with { type: 'json' }
import { cloneDatabase } from '../harness/database.ts'
import { operationsOf, type Document, type Operation } from './document.ts'
import { describeRounds, explain, openFuzzer, shareOf, type Fuzzer, type Round } from './fuzz.ts'

const INPUTS = Number(process.env['SWITCHYARD_FUZZ_INPUTS'] ?? 500)
const SEED = Number(process.env['SWITCHYARD_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
/** Of the inputs of each operation so many must be accepted, or refused by a rule. */
const LEAST_SHARE = 0.3

/** Collections whose writes move orders. What is left are settings and stock: three files of about the same length. */
export const ABOUT_ORDERS = ['orders', 'draft-orders', 'payments', 'fulfillment-orders', 'shipments', 'labels', 'packing-slips', 'pick-lists', 'returns']

/** One test for each of these operations of the document, against one retailer. */
export function fuzz(which: (operation: Operation) => boolean): void {
  let fuzzer: Fuzzer
  let drop: () => Promise<void>
  const rounds: Round[] = []
  beforeAll(async () => {
    const database = await cloneDatabase()
    drop = database.drop
    fuzzer = await openFuzzer(database.url, SEED)
  }, 300_000)
  afterAll(async () => {
    await fuzzer.stop()
    await drop()
    process.stdout.write(`fuzz, seed ${SEED}: ${describeRounds(rounds).split('\n').at(-1)}\n`)
  })

  test.each(operationsOf(document as unknown as Document).filter(which).map(({ id }) => id))('%s', async (id) => {
    const round = await fuzzer.run(fuzzer.operations.find((operation) => operation.id === id)!, INPUTS)
    rounds.push(round)
    expect(round.findings.map(explain).join('\n')).toBe('')
    expect(shareOf(round), `the share of inputs that reached a rule, of ${JSON.stringify(round.refusals)}`).toBeGreaterThanOrEqual(LEAST_SHARE)
    if (INPUTS >= 500) expect(round.accepted, `something was accepted: ${JSON.stringify(round.refusals)}`).toBeGreaterThan(0)
  }, 600_000)
}
