import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts'
import { createApplication } from '../../src/wiring.ts'
import { migrate } from '../../src/platform/migrate.ts'
import { createLog } from '../../src/platform/log.ts'

declare module 'vitest' {
  interface ProvidedContext { template_url: string }
}

/**
 * One database server for the whole run. Each test file clones the migrated template, which costs a tenth of a second.
 * Whoever runs tests many times says where a template is, and it is used.
 */
export default async function startDatabase(project: TestProject): Promise<() => Promise<void>> {
  const template = process.env['SWITCHYARD_TEST_TEMPLATE'] ?? ''
  const { url, stop } = template === '' ? await startTemplate() : { url: template, stop: async () => undefined }
  project.provide('template_url', url)
  return stop
}

/** A server of its own with a migrated database, for tests and campaigns. */
export async function startTemplate(): Promise<{ url: string; stop: () => Promise<void> }> {
  // /dev/shm or /tmp: a place that the unprivileged database user can reach.
  const home = await mkdtemp(join(tmpdir(), 'switchyard-test-'))
  // What is tested here is not whether the disk keeps its word, so it need not be asked to.
  const postgres = await openEmbeddedPostgres({ home, settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } })
  const url = postgres.url()
  const application = await createApplication({ database_url: url, log: createLog('warn') })
  await migrate(application.db)
  await application.prepare()
  await application.stop()
  return {
    url,
    stop: async () => {
      await postgres.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}
