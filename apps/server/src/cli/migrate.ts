import type { Command } from 'commander'
import { openDatabase } from '../platform/db.ts'
import { migrate } from '../platform/migrate.ts'
import { onDatabase } from './context.ts'

export function registerMigrate(program: Command): void {
  program.command('migrate')
    .description('Bring the schema of the database up to this version')
    .addHelpText('after', `
\`npm start\` does this by itself. Forward only; safe beside a running server of the version before.

Examples:
  npm run switchyard -- migrate
  DATABASE_URL=postgres://switchyard:secret@db:5432/switchyard npm run switchyard -- migrate --json`)
    .action(onDatabase(async ({ database, out }) => {
      const db = openDatabase(database.url, { max_connections: 1 })
      try {
        const applied = await migrate(db)
        out({ applied }, () => (applied.length === 0 ? 'The schema is up to date.' : `Applied ${applied.length}:\n${applied.map((name) => `  ${name}`).join('\n')}`))
      } finally {
        await db.close()
      }
    }))
}
