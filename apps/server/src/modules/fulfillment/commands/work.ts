import { batchCommand, command, type BatchCommand, type BatchItem, type Command } from '../../../platform/command.ts'
import { runVerb, type Done, type Work } from '../run-verb.ts'
import { ACCEPT, HAND_OVER, PACK, PICK, READY, REJECT, SHIP, UNPACK, type Verb } from '../verbs.ts'

function verbCommand<Input, Facts>(name: string, verb: Verb<Input, Facts>): BatchCommand<Work<Input>, Done> {
  return batchCommand(`fulfillment.${name}`, 'fulfillment:work', (context, items: readonly BatchItem<Work<Input>>[]) => runVerb(context, items, verb))
}

export const accept = verbCommand('accept', ACCEPT)
export const pick = verbCommand('pick', PICK)
export const reject = verbCommand('reject', REJECT)
export const pack = verbCommand('pack', PACK)
export const unpack = verbCommand('unpack', UNPACK)
export const ship = verbCommand('ship', SHIP)
export const ready = verbCommand('ready', READY)
export const handOver = verbCommand('hand_over', HAND_OVER)

export type BulkItem = { fulfillment_order_id: string; ok: boolean; code?: string; detail?: string }

/** One call for many: each has its own outcome, and a refused one harms no other. */
function bulkCommand<Facts>(name: string, verb: Verb<object, Facts>): Command<{ fulfillment_order_ids: readonly string[] }, BulkItem[]> {
  return command(`fulfillment.bulk_${name}`, 'fulfillment:work', async ({ tx, now, caller, request_id, emit, audit, enqueue }, { fulfillment_order_ids }) => {
    const items = fulfillment_order_ids.map((fulfillment_order_id) => ({ input: { fulfillment_order_id }, now, caller, request_id }))
    const outcomes = await runVerb({ tx, enqueue, emit: (_item, ...events) => { emit(...events) } }, items, verb)
    return outcomes.map((outcome, index) => {
      const fulfillment_order_id = fulfillment_order_ids[index]!
      if (outcome.ok) audit({ subject_id: fulfillment_order_id })
      return outcome.ok ? { fulfillment_order_id, ok: true } : { fulfillment_order_id, ok: false, code: outcome.refusal.code, detail: outcome.refusal.facts.detail }
    })
  })
}

export const bulkPick = bulkCommand('pick', PICK)
export const bulkPack = bulkCommand('pack', PACK)
export const bulkShip = bulkCommand('ship', SHIP)
