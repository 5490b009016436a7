import { expect, test } from 'vitest'
import { asSystem, useApp } from '../../test/harness/app.ts'
import { createKeyRetentionJob } from './key-retention.ts'
import { sql } from './sql.ts'

const app = useApp()

test('keys older than 30 days are deleted, however many, and younger ones stay', async () => {
  const { db } = app().application
  await db.run(sql`
    insert into idempotency_keys (caller_id, key, command, input_hash, outcome, created_at)
    select ${asSystem.caller.id}::uuid, 'old-' || n, 'test', '', '{"output":null}'::jsonb, now() - interval '30 days 1 minute' from generate_series(1, 12000) n
    union all select ${asSystem.caller.id}::uuid, 'young', 'test', '', '{"output":null}'::jsonb, now() - interval '29 days 23 hours'`)
  await createKeyRetentionJob({ db }).run({}, { id: 'test', retried: false })
  expect(await db.rows(sql`select key from idempotency_keys`)).toEqual([{ key: 'young' }])
})

test('workers do that every night', async () => {
  const { db } = app().application
  await app().application.startWorkers()
  expect(await db.rows(sql`select name, cron from pgboss.schedule where name like 'platform.%'`)).toEqual([{ name: 'platform.delete_old_keys', cron: '17 3 * * *' }])
})
