import type { LoopDefinition } from '../../../platform/module.ts'
import { makePartition, missingPartitions } from '../partitions.db.ts'

/** Months that are ready before they begin. */
const AHEAD = 3

/** Makes the partitions of the months to come, long before a decision falls into them. */
export const partitionLoop: LoopDefinition = {
  name: 'sourcing.keep_partitions',
  interval_ms: 3_600_000,
  round: async ({ db, clock, log }) => {
    const missing = await missingPartitions(db, clock.now(new Date()), AHEAD)
    for (const partition of missing) {
      await db.transaction((tx) => makePartition(tx, partition))
      log.info({ partition: partition.name }, 'a partition is ready')
    }
    return missing.length
  },
}
