import { present } from '../../kernel/assert.ts'
import { refuse } from '../../kernel/problem.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import { inScope } from '../../platform/caller.ts'
import type { BatchContext, BatchItem, Outcome } from '../../platform/command.ts'
import type { NewEvent } from '../../platform/events.ts'
import { lockWork, openJournal, writeJournal, type Locked, type Written } from './journal.ts'
import type { Verb } from './verbs.ts'

export type Work<Input> = { fulfillment_order_id: string } & Input
type Item<Input> = BatchItem<Work<Input>>
type Indexed<Input> = { item: Item<Input>; index: number }
export type Done = { fulfillment_order_id: string }

/**
 * Does one thing with many fulfillment orders in one transaction and answers one outcome per item, in order. Items of
 * one caller at one time are written together; live calls all have the same time, so that is one pass.
 */
export async function runVerb<Input, Facts>(context: BatchContext, items: readonly Item<Input>[], verb: Verb<Input, Facts>): Promise<Outcome<Done>[]> {
  const locked = await lockWork(context.tx, [...new Set(items.map(({ input }) => input.fulfillment_order_id))])
  const outcomes: Outcome<Done>[] = []
  const indexed = items.map((item, index): Indexed<Input> => ({ item, index }))
  for (const group of groupByKey(indexed, ({ item }) => `${item.now.getTime()} ${item.caller.id}`).values()) await runGroup(context, locked, group, verb, outcomes)
  return outcomes
}

async function runGroup<Input, Facts>(context: BatchContext, locked: Locked, group: readonly Indexed<Input>[], verb: Verb<Input, Facts>, outcomes: Outcome<Done>[]): Promise<void> {
  const { now: at, caller } = group[0]!.item
  const journal = openJournal(locked, { at, caller_id: caller.id })
  const facts = await verb.prepare(context.tx, group.flatMap(({ item }) => locked.works.get(item.input.fulfillment_order_id) ?? []))
  const itemOf = new Map<string, Item<Input>>()
  for (const { item, index } of group) {
    const { fulfillment_order_id } = item.input
    const work = journal.works.get(fulfillment_order_id)
    const refusal = work === undefined || !inScope(item.caller, work) ? refuse('not_found', 'There is no such fulfillment order.') : verb.decide(journal, work, item.input, facts, item.caller)
    outcomes[index] = refusal === undefined ? { ok: true, output: { fulfillment_order_id }, subject_id: fulfillment_order_id } : { ok: false, refusal }
    if (refusal === undefined) itemOf.set(present(work, 'it was found').order_id, item)
  }
  tellAll(context, await writeJournal(context.tx, journal, { resource: true }), (event) => itemOf.get(event.order_id ?? '') ?? group[0]!.item)
}

function tellAll<Input>({ emit, enqueue }: BatchContext, { events, jobs }: Written, itemOf: (event: NewEvent) => Item<Input>): void {
  for (const event of events) emit(withoutInput(itemOf(event)), event)
  enqueue(...jobs)
}

/** The circumstances of an item alone: who, when, which request. Events carry these. */
export function withoutInput({ now, caller, request_id }: BatchItem<unknown>): BatchItem<never> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- events look at who and when, never at the input
  return { input: undefined as never, now, caller, request_id }
}
