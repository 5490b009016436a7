import { refuse } from '../../kernel/problem.ts'
import { inScope, type Caller } from '../../platform/caller.ts'
import type { LocationRow } from './location.ts'

/** The location, if it exists for this caller. */
export function requireLocation<Row extends LocationRow>(caller: Caller, code: string, row: Row | undefined): Row {
  if (row === undefined || !inScope(caller, { location_id: row.id })) throw refuse('not_found', `There is no location ${code}.`)
  return row
}

/** Adding locations and changing groups reaches beyond what a confined caller sees. */
export function requireUnconfined(caller: Caller): void {
  if (caller.location_ids !== undefined) throw refuse('forbidden', 'You are confined to some locations. Ask somebody who is responsible for all of them.')
}
