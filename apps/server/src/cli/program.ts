import { Command } from 'commander'
import { registerApi } from './api.ts'
import { registerAudit } from './audit.ts'
import { registerDemo } from './demo.ts'
import { registerExport } from './export.ts'
import { registerImport } from './import.ts'
import { registerJobs } from './jobs.ts'
import { registerKeys } from './keys.ts'
import { registerMigrate } from './migrate.ts'
import { registerOrders } from './orders.ts'
import { registerRehearse } from './rehearse.ts'
import { registerStart } from './start.ts'
import { registerStock } from './stock.ts'
import { registerWorker } from './worker.ts'

const GROUPS: readonly ((program: Command) => void)[] = [
  registerStart, registerWorker, registerMigrate, registerAudit, registerKeys, registerApi, registerOrders, registerStock, registerRehearse, registerJobs, registerImport, registerExport, registerDemo,
]

/** The whole command line. Each group of commands is a file beside this one that registers itself here. */
export function createProgram(): Command {
  const program = new Command('switchyard')
    .description('Order management for multichannel retailers')
    .option('--json', 'print one JSON document on stdout instead of text')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help shows what there is, with examples)')
    .exitOverride()
    .addHelpText('after', `
Examples:
  npm start                                        run the server
  npm run switchyard -- orders list                work with the installation; no server need run
  npm run -s switchyard -- audit --json            for programs: JSON on stdout, progress on stderr

Exit codes: 0 ok, 1 refused or failed, 2 wrong command line, 3 the audit found rows, 4 another copy runs on this home.`)
  for (const register of GROUPS) register(program)
  return program
}
