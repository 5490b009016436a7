import type { Command } from 'commander'
import { audit, auditChecks } from '../audit.ts'
import { openDatabase } from '../platform/db.ts'
import { migrate, requireCurrentSchema } from '../platform/migrate.ts'
import { onDatabase } from './context.ts'
import { EXIT } from './exit-codes.ts'
import { strong } from './output.ts'

export function registerAudit(program: Command): void {
  program.command('audit')
    .description('Check every identity that must hold; any row found is a bug')
    .addHelpText('after', `
Reads one snapshot and changes nothing. Exit code 0: all identities hold; 3: rows were found, with up to five examples each.

Examples:
  npm run switchyard -- audit
  npm run -s switchyard -- audit --json`)
    .action(onDatabase(async ({ database, config, out, progress }) => {
      const db = openDatabase(database.url, { max_connections: 1 })
      try {
        if (database.embedded && database.empty) await migrate(db)
        await requireCurrentSchema(db)
        const total = (await auditChecks()).length
        let done = 0
        const report = await audit(db, () => { progress.percent('Checking', done++, total) })
        progress.percent('Checking', total, total)
        const broken = report.checks.filter(({ rows }) => rows > 0)
        out({ ok: report.ok, checks: report.checks.map(({ name, rows, examples }) => (rows === 0 ? { name, rows } : { name, rows, examples })) }, () => (report.ok
          ? `All ${total} identities hold in ${config.database_url === undefined ? config.home : 'the database'}.`
          : [strong(`${broken.length} of ${total} identities are broken:`), ...broken.flatMap(({ name, rows, examples }) => [`  ${name}: ${rows} rows`, ...examples.map((row) => `    ${JSON.stringify(row)}`)])].join('\n')))
        return report.ok ? EXIT.ok : EXIT.found
      } finally {
        await db.close()
      }
    }))
}
