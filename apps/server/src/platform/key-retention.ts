import type { Database } from './db.ts'
import type { JobDefinition } from './jobs.ts'
import { sql } from './sql.ts'

const KEPT_DAYS = 30

/** Keys deleted in one statement: short enough to be in nobody's way. */
const BATCH = 5_000

/** Deletes the idempotency keys that are no longer kept, every night. Runs twice as well as once. */
export function createKeyRetentionJob({ db }: { db: Database }): JobDefinition {
  return {
    name: 'platform.delete_old_keys',
    cron: '17 3 * * *',
    run: async () => { while ((await deleteOldKeys(db)) === BATCH); },
  }
}

async function deleteOldKeys(db: Database): Promise<number> {
  return db.run(sql`
    delete from idempotency_keys where (caller_id, key) in (
      select caller_id, key from idempotency_keys where created_at < now() - make_interval(days => ${KEPT_DAYS})
      order by created_at limit ${BATCH} for update skip locked)`)
}
