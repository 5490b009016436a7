import type { Command } from 'commander'
import { inTerminal, type Terminal } from './context.ts'
import { openInstallation } from './database.ts'
import { listenForEnding } from './ending.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

export function registerWorker(program: Command): void {
  program.command('worker')
    .description('Do background work only: events, loops and jobs of the same database')
    .addHelpText('after', `
Any number of workers may run, beside servers started with --no-worker or without.

Examples:
  npm run switchyard -- worker
  DATABASE_URL=postgres://switchyard:secret@db:5432/switchyard npm run switchyard -- worker`)
    .action(inTerminal(work))
}

async function work({ config, progress, out }: Terminal): Promise<ExitCode> {
  const ending = listenForEnding((error) => { progress.line(`switchyard: a defect ends this worker: ${error instanceof Error ? error.stack ?? error.message : String(error)}`) })
  const database = await openInstallation(config, progress.line)
  try {
    const [{ createApplication }, { requireCurrentSchema }, { createLog }] = await Promise.all([import('../wiring.ts'), import('../platform/migrate.ts'), import('../platform/log.ts')])
    const application = await createApplication({ database_url: database.url, log: createLog(config.log_level) })
    try {
      await requireCurrentSchema(application.db)
      await application.prepare()
      await application.startWorkers()
      out({ pid: process.pid }, () => 'ready worker')
      return (await ending.wished) === 0 ? EXIT.ok : EXIT.failed
    } finally {
      await application.stop()
    }
  } finally {
    await database.close()
    ending.release()
  }
}
