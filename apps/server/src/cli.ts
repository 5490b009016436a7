// The command line of Switchyard. Each group of commands is a file in cli/ that registers itself here.
import { Command, CommanderError } from 'commander'
import { registerApi } from './cli/api.ts'
import { registerAudit } from './cli/audit.ts'
import { CliFailure, EXIT, type ExitCode } from './cli/exit-codes.ts'
import { registerDemo } from './cli/demo.ts'
import { registerExport } from './cli/export.ts'
import { registerImport } from './cli/import.ts'
import { registerKeys } from './cli/keys.ts'
import { registerMigrate } from './cli/migrate.ts'
import { registerOrders } from './cli/orders.ts'
import { registerStart } from './cli/start.ts'
import { registerStock } from './cli/stock.ts'
import { registerWorker } from './cli/worker.ts'
import { Refusal } from './kernel/problem.ts'
import { errorCode } from './platform/error-code.ts'

const GROUPS: readonly ((program: Command) => void)[] = [
  registerStart, registerWorker, registerMigrate, registerAudit, registerKeys, registerApi, registerOrders, registerStock, registerImport, registerExport, registerDemo,
]

function createProgram(): Command {
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

async function run(argv: readonly string[]): Promise<ExitCode> {
  try {
    await createProgram().parseAsync(argv)
    return (process.exitCode ?? EXIT.ok) as ExitCode
  } catch (error) {
    // Commander has printed what is wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    return report(error, argv.includes('--json'))
  }
}

/** Says what went wrong on stderr; with `--json` the problem is also the document on stdout. */
function report(error: unknown, json: boolean): ExitCode {
  const exit = error instanceof CliFailure ? error.exit : EXIT.failed
  const problem = error instanceof Refusal
    ? { code: error.code, ...error.facts }
    : { code: error instanceof CliFailure ? 'failed' : 'internal', detail: error instanceof Error && error.message !== '' ? error.message : errorCode(error) || String(error) }
  process.stderr.write(`switchyard: ${problem.detail}\n`)
  for (const { pointer, code, detail } of problem.errors ?? []) process.stderr.write(`  ${pointer || '/'}  ${detail} (${code})\n`)
  if (!(error instanceof Refusal || error instanceof CliFailure)) {
    process.stderr.write(process.env['LOG_LEVEL'] === 'debug' && error instanceof Error ? `${error.stack ?? ''}\n` : '  (LOG_LEVEL=debug shows where)\n')
  }
  if (json && exit !== EXIT.usage) process.stdout.write(`${JSON.stringify(problem)}\n`)
  return exit
}

// A reader that has seen enough (`… | head`) is no failure.
process.stdout.on('error', (error) => { if (errorCode(error) === 'EPIPE') process.exit(EXIT.ok) })

const code = await run(process.argv)
// A pipe takes what was written in its own time.
await new Promise((resolve) => { process.stdout.write('', resolve) })
process.exit(code)
