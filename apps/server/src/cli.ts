// The command line of Switchyard: runs a command and tells the shell how it ended.
import { CommanderError } from 'commander'
import { CliFailure, EXIT, type ExitCode } from './cli/exit-codes.ts'
import { createProgram } from './cli/program.ts'
import { Refusal } from './kernel/problem.ts'
import { errorCode } from './platform/error-code.ts'

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
