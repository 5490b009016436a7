// The command line of Switchyard: runs a command and tells the shell how it ended.
import { CommanderError } from 'commander'
import { CliFailure, EXIT, type ExitCode } from './cli/exit-codes.ts'
import { createProgram } from './cli/program.ts'
import { refuse, Refusal, type ProblemTable, type RefusalFacts } from './kernel/problem.ts'
import { errorCode } from './platform/error-code.ts'
import { PLATFORM_PROBLEMS, problemMembers } from './platform/http/problems.ts'

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
  const problem = problemOf(error)
  process.stderr.write(`switchyard: ${problem.detail}\n`)
  for (const { pointer, code, detail } of problem.errors ?? []) process.stderr.write(`  ${pointer || '/'}  ${detail} (${code})\n`)
  if (!(error instanceof Refusal || error instanceof CliFailure)) {
    process.stderr.write(process.env['LOG_LEVEL'] === 'debug' && error instanceof Error ? `${error.stack ?? ''}\n` : '  (LOG_LEVEL=debug shows where)\n')
  }
  if (json && exit !== EXIT.usage) process.stdout.write(`${JSON.stringify(problem)}\n`)
  return exit
}

/** What may go wrong without an application that knows its problems. */
const PROBLEMS: ProblemTable = {
  ...PLATFORM_PROBLEMS,
  failed: { status: 500, title: 'The command failed' },
  bad_configuration: { status: 422, title: 'The environment is set wrongly' },
  schema_outdated: { status: 503, title: 'The database is older than this program' },
  schema_newer: { status: 503, title: 'The database is newer than this program' },
}

/** The same members as a problem of the API, which has them already. */
function problemOf(error: unknown): RefusalFacts {
  const { code, facts } = error instanceof Refusal ? error
    : refuse(error instanceof CliFailure ? 'failed' : 'internal', error instanceof Error && error.message !== '' ? error.message : errorCode(error) || String(error))
  return { ...problemMembers(PROBLEMS, code), code, ...facts }
}

// A reader that has seen enough (`… | head`) is no failure.
process.stdout.on('error', (error) => { if (errorCode(error) === 'EPIPE') process.exit(EXIT.ok) })

const code = await run(process.argv)
// A pipe takes what was written in its own time.
await new Promise((resolve) => { process.stdout.write('', resolve) })
process.exit(code)
