import type { Database } from '../../src/platform/db.ts'
import type { Executor } from '../../src/platform/executor.ts'
import type { Workshop } from './workshop.ts'

/** Two or three calls that meet on something scarce. */
export type Path<World = unknown> = {
  name: string
  /** Makes fresh worlds that know nothing of each other, at most as many as asked for. */
  prepare: (shop: Workshop, count: number) => Promise<World[]>
  /** The calls. They answer a word for how they ended; nothing means `ok`. */
  calls: readonly ((executor: Executor, world: World) => Promise<unknown>)[]
  /**
   * Tables in which each call touches rows of its own alone, such as those of its own order: there its statements commute
   * with the others'. Schedules by chance do without this belief.
   */
  apart?: readonly string[]
  /** What became of it all, in a few words. */
  state?: (db: Database, world: World) => Promise<string>
  /**
   * Every way it may end, as `ending, ending: state` in the order of the calls. Each of them must occur, or the schedules
   * do not meet where they should; nothing else may. Left out: whatever comes is only counted.
   */
  endings?: readonly string[]
}

/** Forgets what its worlds look like: paths of all kinds stand in one list. */
export function definePath<World>(path: Path<World>): Path {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a path sees only worlds that it has made
  return path as unknown as Path
}

/** For calls that work on different orders. */
export const ORDERS_APART = ['orders', 'order_lines', 'order_holds', 'allocations', 'sourcing_decisions', 'fulfillment_orders', 'fulfillment_order_lines', 'fulfillment_rejections', 'shipments', 'packages', 'package_lines', 'payments', 'payment_entries', 'events']
