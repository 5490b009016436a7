import { present } from '../../kernel/assert.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { newId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/problem.ts'
import type { BatchContext, BatchItem, Outcome } from '../../platform/command.ts'
import type { NewEvent } from '../../platform/events.ts'
import { insufficientStock, stockEvents, workOn, type Work } from './apply-movements.ts'
import type { Movement } from './movements.ts'
import { createFinder, resolveCodes, type Finder } from './resolve.ts'
import { viewLevel, type Level, type LevelFigures, type Pair } from './stock.ts'

/** A change of stock at one location that somebody asks for, line by line. */
export type ChangeInput<Line extends { sku: string }> = { location: string; lines: Line[]; note?: string }

export type Changed = { id: string; location: string; levels: LevelFigures[] }

/** A line whose SKU is known, with the level as the lines and items before have left it. */
export type LineToMove<Line> = { line: Line; pair: Pair; level: Readonly<Level>; pointer: string }

/** What tells one kind of change from another. */
export type ChangeKind<Line extends { sku: string }, Input extends ChangeInput<Line>> = {
  cause_kind: 'adjustment' | 'move' | 'receipt'
  /** What the schema cannot tell. */
  check?: (input: Input, finder: Finder) => void
  /** What each line moves; or why the change does not happen. */
  movements: (input: Input, lines: readonly LineToMove<Line>[]) => ChangeMovement[] | Refusal
  event: (input: Input, changed: Changed) => NewEvent['data'] & { type: string }
  /** What the movements carry as their note, where that is not the input's own. */
  note?: (input: Input) => string | null
}

export type ChangeMovement = Pair & Pick<Movement, 'from_state' | 'to_state' | 'quantity' | 'reason' | 'takes_promised'>

type Draft<Line, Input> = { item: BatchItem<Input>; index: number; id: string; location: { id: string; code: string }; lines: { line: Line; pair: Pair; pointer: string }[] }

/**
 * Runs a batch of changes on levels locked once, one after the other: a later one sees what the earlier ones did. Each
 * happens whole or not at all.
 */
export async function changeStock<Line extends { sku: string }, Input extends ChangeInput<Line>>(
  { tx, emit }: BatchContext, items: readonly BatchItem<Input>[], kind: ChangeKind<Line, Input>,
): Promise<Outcome<Changed>[]> {
  const outcomes = new Array<Outcome<Changed> | undefined>(items.length)
  const codes = await resolveCodes(tx, { skus: items.flatMap(({ input }) => input.lines.map(({ sku }) => sku)), locations: items.map(({ input }) => input.location) })
  const drafts: Draft<Line, Input>[] = []
  for (const [index, item] of items.entries()) {
    const finder = createFinder(codes, item.caller)
    const location = finder.location(item.input.location, '/location')
    const lines = item.input.lines.map((line, i) => ({ line, pointer: `/lines/${i}`, pair: { variant_id: finder.goods(line.sku, `/lines/${i}/sku`)?.id ?? '', location_id: location?.id ?? '' } }))
    kind.check?.(item.input, finder)
    const refusal = finder.refusal()
    if (refusal !== undefined || location === undefined) outcomes[index] = { ok: false, refusal: refusal! }
    else drafts.push({ item, index, id: newId(item.now.getTime()), location, lines })
  }
  if (drafts.length === 0) return settled(outcomes)

  const work = await workOn(tx, drafts.flatMap(({ lines }) => lines.map(({ pair }) => pair)), drafts[0]!.item.now)
  // Only items that came as far as the ledger have a group in it.
  const moved: Draft<Line, Input>[] = []
  for (const draft of drafts) {
    const { item: { input }, index, id, location, lines } = draft
    const movements = kind.movements(input, lines.map((line) => ({ ...line, level: work.level(line.pair) })))
    if (movements instanceof Refusal) {
      outcomes[index] = { ok: false, refusal: movements }
      continue
    }
    const shortages = work.move({ movements: movements.map((movement) => ({ ...movement, ...causeOf(kind, draft) })) })
    moved.push(draft)
    if (shortages !== undefined) {
      outcomes[index] = { ok: false, refusal: await insufficientStock(tx, shortages) }
      continue
    }
    const changed = { id: ids.stock_change.show(id), location: location.code, levels: figuresOf(draft, work) }
    outcomes[index] = { ok: true, output: changed, subject_id: id }
    const { type, ...data } = kind.event(input, changed)
    if (movements.length > 0) emit(draft.item as BatchItem<never>, { type, subject_id: location.id, data: { stock_change_id: changed.id, location: location.code, ...data } })
  }
  for (const { group, event } of await stockEvents(tx, await work.write())) emit(moved[group]!.item as BatchItem<never>, event)
  return settled(outcomes)
}

function settled(outcomes: readonly (Outcome<Changed> | undefined)[]): Outcome<Changed>[] {
  return outcomes.map((outcome) => present(outcome, 'every item has an outcome'))
}

function causeOf<Line extends { sku: string }, Input extends ChangeInput<Line>>(kind: ChangeKind<Line, Input>, { item: { input, caller, now }, id }: Draft<Line, Input>): Omit<Movement, keyof ChangeMovement> {
  return { cause_kind: kind.cause_kind, cause_id: id, caller_id: caller.id, at: now, note: kind.note === undefined ? input.note ?? null : kind.note(input) }
}

function figuresOf<Line extends { sku: string }, Input>({ lines, location }: Draft<Line, Input>, work: Work): LevelFigures[] {
  const bySku = new Map(lines.map(({ line, pair }) => [line.sku, pair]))
  return [...bySku].map(([sku, pair]) => viewLevel(work.level(pair), { sku, location: location.code }))
}
