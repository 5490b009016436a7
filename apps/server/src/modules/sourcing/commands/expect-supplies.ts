import { ids } from '../../../kernel/id-kinds.ts'
import { groupByKey } from '../../../kernel/quantity.ts'
import { SYSTEM } from '../../../platform/caller.ts'
import { command } from '../../../platform/command.ts'
import type { Tx } from '../../../platform/db.ts'
import type { NewEvent } from '../../../platform/events.ts'
import type { LoopDefinition } from '../../../platform/module.ts'
import { findChannels } from '../../channels/index.ts'
import { readSupplies } from '../../inventory/index.ts'
import { lockOrders, waitingLines, writeLinePromises, type WaitingLine } from '../../orders/index.ts'
import { changedExpectations, expectSupplies, type Expectation } from '../expectations.ts'
import { currentSettings, knowPlaces, type Settings } from '../queries/settings.ts'
import { supplySignature, variantsWaitedFor } from '../sourcing.db.ts'

/** What is expected for those who wait for these variants, where it differs from what their lines say. */
async function findChanges(tx: Tx, settings: Settings, variantIds: readonly string[]): Promise<{ line: WaitingLine; expectation: Expectation }[]> {
  const lines = await waitingLines(tx, variantIds)
  const supplies = await readSupplies(tx, variantIds)
  const channels = await findChannels(tx, [...new Set(lines.map(({ channel_id }) => channel_id))])
  await knowPlaces(tx, settings, lines.map(({ shipping_address }) => shipping_address))
  return changedExpectations(lines, expectSupplies(lines, { settings, supplies, groups: new Map([...channels].map(([id, { group_ids }]) => [id, group_ids])) }))
}

/** Says of lines that are new in this transaction when what they wait for is expected. */
export async function expectForNew(tx: Tx, settings: Settings, orderIds: ReadonlySet<string>, variantIds: readonly string[]): Promise<void> {
  const changes = await findChanges(tx, settings, variantIds)
  await writeLinePromises(tx, changes.filter(({ line }) => orderIds.has(line.order_id)).map(({ expectation }) => expectation))
}

/** Moves the dates of those who wait with the supplies that they wait for. Answers how many lines moved. */
const expectAnew = command('sourcing.expect_supplies', 'orders:source', async ({ tx, now, emit }, input: { variant_ids: readonly string[] }): Promise<{ lines: number }> => {
  const settings = await currentSettings(tx, now)
  const seen = await findChanges(tx, settings, input.variant_ids)
  if (seen.length === 0) return { lines: 0 }
  const locked = new Set((await lockOrders(tx, [...new Set(seen.map(({ line }) => line.order_id))])).map(({ id }) => id))
  // Looked at again with the orders held: what somebody has canceled or filled meanwhile waits no more.
  const changes = (await findChanges(tx, settings, input.variant_ids)).filter(({ line }) => locked.has(line.order_id))
  await writeLinePromises(tx, changes.map(({ expectation }) => expectation))
  emit(...[...groupByKey(changes, ({ line }) => line.order_id)].map(([order_id, of]) => eventOf(order_id, of)))
  return { lines: changes.length }
})

function eventOf(order_id: string, changes: readonly { line: WaitingLine; expectation: Expectation }[]): NewEvent {
  return {
    type: 'order.promise_changed', order_id,
    data: {
      order_id: ids.order.show(order_id),
      lines: changes.map(({ line, expectation }) => ({
        line_id: ids.line.show(line.id), sku: line.sku, quantity: line.backordered, expected_on: expectation.expected_on, earliest: expectation.promised_from, latest: expectation.promised_by,
        before: { expected_on: line.expected_on, earliest: line.promised_from, latest: line.promised_by },
      })),
    },
  }
}

const VARIANTS_AT_ONCE = 200

/** Looks whether those who wait, or what is on its way to them, have changed since the last look; of nothing else do the dates depend. */
export function expectationLoop(): LoopDefinition {
  let seen: string | undefined
  return {
    name: 'sourcing.expect_supplies',
    interval_ms: 2_000,
    round: async ({ db, executor, clock }) => {
      const signature = await supplySignature(db, clock.now(new Date()))
      if (signature === seen) return 0
      const variants = await variantsWaitedFor(db)
      let lines = 0
      for (let from = 0; from < variants.length; from += VARIANTS_AT_ONCE) {
        const { output } = await executor.run(expectAnew, { variant_ids: variants.slice(from, from + VARIANTS_AT_ONCE) }, { caller: SYSTEM, request_id: 'loop:sourcing.expect_supplies' })
        lines += output.lines
      }
      seen = signature
      return lines
    },
  }
}
