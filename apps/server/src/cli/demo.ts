import type { Command } from 'commander'
import { sql } from '../platform/sql.ts'
import { inApplication } from './context.ts'
import { CliFailure, EXIT } from './exit-codes.ts'

export function registerDemo(program: Command): void {
  program.command('demo')
    .description('Fill an empty installation with the demo retailer')
    .addHelpText('after', `
Nine months of real orders and one example of everything that needs attention. \`npm start\` does this by itself on its
first run. To begin anew, stop the server, remove its home (.switchyard) and start again.

Example:
  npm run switchyard -- demo`)
    .action(inApplication(async ({ application, call, out, progress }) => {
      const { empty } = await application.db.one<{ empty: boolean }>(sql`select not exists (select from users) as empty`)
      if (!empty) throw new CliFailure(EXIT.failed, 'This installation is in use already; the demo fills empty ones only.')
      const { seedDemo } = await import('../demo/seed.ts')
      const { logins } = await seedDemo(application, progress, call)
      out({ logins }, () => ['The demo retailer is there. Sign in as', ...logins.map(({ email, password, role }) => `  ${email.padEnd(36)} ${password}  ${role}`)].join('\n'))
    }))
}
