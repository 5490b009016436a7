import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { generatedFiles, ROOT } from './generated.ts'
import { openEmbeddedPostgres } from './platform/embedded-postgres.ts'
import { createLog } from './platform/log.ts'
import { migrate } from './platform/migrate.ts'
import { createApplication } from './wiring.ts'

// Writes openapi.json, schema.sql and the client's types from a freshly migrated database.
const home = await mkdtemp(join(tmpdir(), 'switchyard-generate-'))
const postgres = await openEmbeddedPostgres({ home, settings: { fsync: 'off' } })
try {
  const application = await createApplication({ database_url: postgres.url(), log: createLog('warn') })
  await migrate(application.db)
  for (const [path, text] of await generatedFiles(application)) {
    await mkdir(dirname(join(ROOT, path)), { recursive: true })
    await writeFile(join(ROOT, path), text)
    process.stdout.write(`${path}  ${text.length} characters\n`)
  }
  await application.stop()
} finally {
  await postgres.stop()
  await rm(home, { recursive: true, force: true })
}
