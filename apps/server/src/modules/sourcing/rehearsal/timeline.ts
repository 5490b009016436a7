import type { RunFacts } from '../record-run.ts'

/** A batch of decisions as it was made. */
export type PastRun = {
  id: string
  at: Date
  strategy: string
  strategy_version: number
  network_id: string
  snapshot: Snapshot
  last_movement_id: number
  transaction_id: number
  facts: RunFacts
}

/** Which transactions had been committed when somebody looked: those below `xmax` that are not among `running`. */
export type Snapshot = { xmax: number; running: readonly number[] }

/** Units that moved to or from `available`, or out of a claim. Variants and locations are named by their ids. */
export type PastMovement = {
  id: number; transaction_id: number; variant_id: string; location_id: string; from_state: string | null; to_state: string | null; quantity: number; reason: string
  /** The order that moved them, where one did. */
  order_id: string | null
}
export type PastCancellation = { transaction_id: number; order_id: string; lines: { line_id: string; quantity: number }[] }
export type PastPolicy = { transaction_id: number; variant_id: string; location_id: string; safety_stock: number }

/** What one transaction changed. Its runs looked after the movements in `before`. */
export type Transaction = { id: number; last_movement_id: number; runs: PastRun[]; before: PastMovement[]; movements: PastMovement[]; cancellations: PastCancellation[]; policies: PastPolicy[] }

/** A run looks at the stock, and later its transaction commits: what others do between the two it does not see. */
export type Step = { kind: 'look'; run: PastRun } | { kind: 'commit'; transaction: Transaction }

/** From PostgreSQL's text form, `xmin:xmax:xip,…`. */
export function parseSnapshot(text: string): Snapshot {
  const [, xmax, running] = text.split(':')
  return { xmax: Number(xmax), running: running === '' || running === undefined ? [] : running.split(',').map(Number) }
}

export function isVisible({ xmax, running }: Snapshot, transactionId: number): boolean {
  return transactionId < xmax && !running.includes(transactionId)
}

/**
 * The past in an order in which it may have happened: every run looks after the commits of all transactions that its
 * snapshot saw and before those of all others. Transactions between the same two looks stand in the order of their last
 * movements: of two that moved units at one level the second waited for the first to commit.
 */
export function orderSteps(runs: readonly PastRun[], transactions: readonly Transaction[]): Step[] {
  // Snapshots of one database contain one another: a later one has seen all that an earlier one saw.
  const looks = runs.toSorted((a, b) => a.snapshot.xmax - b.snapshot.xmax || b.snapshot.running.length - a.snapshot.running.length || a.last_movement_id - b.last_movement_id)
  const waiting = transactions.toSorted((a, b) => a.id - b.id)
  const steps: Step[] = []
  let begun = 0
  let running: Transaction[] = []
  const commit = (committed: Transaction[]): void => {
    committed.sort((a, b) => a.last_movement_id - b.last_movement_id || a.id - b.id)
    for (const transaction of committed) steps.push({ kind: 'commit', transaction })
  }
  for (const run of looks) {
    while (begun < waiting.length && waiting[begun]!.id < run.snapshot.xmax) running.push(waiting[begun++]!)
    // A run does not see its own transaction as committed, whatever the snapshot says.
    const seen = (one: Transaction): boolean => one.id !== run.transaction_id && isVisible(run.snapshot, one.id)
    commit(running.filter(seen))
    running = running.filter((one) => !seen(one))
    steps.push({ kind: 'look', run })
  }
  commit([...running, ...waiting.slice(begun)])
  return steps
}

/** Everything that was changed, by transaction. */
export function groupTransactions(
  runs: readonly PastRun[], movements: readonly PastMovement[], cancellations: readonly PastCancellation[], policies: readonly PastPolicy[], lastMovements: ReadonlyMap<number, number>,
): Transaction[] {
  const transactions = new Map<number, Transaction>()
  const of = (id: number): Transaction => {
    let transaction = transactions.get(id)
    if (transaction === undefined) {
      // What moved nothing stands behind what did.
      transaction = { id, last_movement_id: lastMovements.get(id) ?? Number.POSITIVE_INFINITY, runs: [], before: [], movements: [], cancellations: [], policies: [] }
      transactions.set(id, transaction)
    }
    return transaction
  }
  for (const run of runs) of(run.transaction_id).runs.push(run)
  for (const movement of movements) {
    const transaction = of(movement.transaction_id)
    const [run] = transaction.runs
    ;(run !== undefined && movement.id <= run.last_movement_id ? transaction.before : transaction.movements).push(movement)
  }
  for (const cancellation of cancellations) of(cancellation.transaction_id).cancellations.push(cancellation)
  for (const policy of policies) of(policy.transaction_id).policies.push(policy)
  return [...transactions.values()]
}
