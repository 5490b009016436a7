// The process of `reserve`: an application without HTTP that runs reservations in whole batches, as a checkout service would.
// Started by `runReservations` with its plan as the only argument; speaks to it over IPC.
import { expireReservations, extendReservation, releaseReservation } from '../../../src/modules/inventory/commands/end-reservations.ts'
import { reserveStock } from '../../../src/modules/inventory/commands/reserve.ts'
import { ids } from '../../../src/kernel/id-kinds.ts'
import { DAY_MS, MINUTE_MS } from '../../../src/kernel/time.ts'
import { SYSTEM } from '../../../src/platform/caller.ts'
import { manualClock } from '../../../src/platform/clock.ts'
import type { BatchCommand } from '../../../src/platform/command.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createApplication } from '../../../src/wiring.ts'
import { articlePicker, skuOf } from './capture.ts'
import { startMeasuring } from './measuring.ts'
import { openChannel } from './protocol.ts'
import { seededRandom } from '../../harness/random.ts'

export type ReservePlan = { database_url: string; skus: number; batch: number; warmup_seconds: number; seconds: number }

const plan = JSON.parse(process.argv[2]!) as ReservePlan
const pick = articlePicker(plan.skus, seededRandom(3))
// Every cycle lets time pass for the reservations to expire; it must not pass the present, in which others go on.
const clock = manualClock(new Date(Date.now() - 60 * DAY_MS))
const { executor, stop } = await createApplication({ database_url: plan.database_url, clock, log: createLog('warn') })
const asSystem = { caller: SYSTEM, request_id: 'bench' }
const tell = openChannel()
const measuring = startMeasuring(plan, tell, () => undefined)

async function runBatch<Input, Output>(kind: string, command: BatchCommand<Input, Output>, inputs: readonly Input[]): Promise<Output[]> {
  const startedMs = performance.now()
  const outcomes = await executor.runBatch(command, inputs.map((input) => ({ input, request: asSystem })))
  const ms = performance.now() - startedMs
  return outcomes.flatMap((outcome) => {
    measuring.record(kind, outcome.ok ? 'ok' : outcome.refusal.code, ms)
    if (!outcome.ok) measuring.complain(`${kind}: ${outcome.refusal.code}`)
    return outcome.ok ? [outcome.output] : []
  })
}

/** Two lines each: reserved, extended, then half of them released and the others left to expire. */
async function cycle(): Promise<void> {
  const reserved = await runBatch('reserve', reserveStock, Array.from({ length: plan.batch }, () => ({ channel: 'bench', lines: [{ sku: skuOf(pick()), quantity: 1 }, { sku: skuOf(pick()), quantity: 1 }] })))
  const held = reserved.map(({ id }) => ({ reservation_id: ids.reservation.parse(id)! }))
  await runBatch('extend', extendReservation, held)
  await runBatch('release', releaseReservation, held.slice(0, held.length / 2))
  clock.advance(20 * MINUTE_MS)
  const startedMs = performance.now()
  const { output: { expired } } = await executor.run(expireReservations, {}, asSystem)
  for (let index = 0; index < expired; index++) measuring.record('expire', 'ok', performance.now() - startedMs)
  if (expired !== held.length / 2) measuring.complain(`expire: ${expired} of ${held.length / 2}`)
}

while (!measuring.isOver()) await cycle()
await stop()
tell({ report: measuring.report(0) })
process.disconnect()
