import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text as readStream } from 'node:stream/consumers'
import type { Command } from 'commander'
import { Refusal } from '../kernel/problem.ts'
import { readConfig, type Config } from '../platform/config.ts'
import { errorCode } from '../platform/error-code.ts'
import { problemMembers } from '../platform/http/problems.ts'
import type { Application } from '../wiring.ts'
import { openInstallation, type OpenedDatabase } from './database.ts'
import { CliFailure, EXIT, type ExitCode } from './exit-codes.ts'
import { findOccupant } from './home-lock.ts'
import { createInProcessApi, type ApiCall, type InProcessApi } from './in-process-api.ts'
import { createOut, createProgress, type Out, type Progress } from './output.ts'

/** What every command has at hand. */
export type Terminal = { out: Out; progress: Progress; json: boolean; config: Config }

/** What a command that works with the installation has at hand. */
export type CliContext = Terminal & {
  application: Application
  /** Asks the API as an administrator, within this process. */
  call: ApiCall
  send: InProcessApi['send']
}

/** Connections that one command may hold; a server beside it needs its own. */
const MAX_CONNECTIONS = 6

/** A commander action: the arguments and options of the command, then the command itself. */
type Action = (...args: unknown[]) => Promise<void>

/** The action of a command that needs no database. Its answer is the exit code; none means 0. */
export function inTerminal<Args extends unknown[]>(work: (terminal: Terminal, ...args: Args) => Promise<ExitCode | void>): Action {
  return async (...args) => {
    const command = args.at(-1) as Command
    const json = command.optsWithGlobals<{ json?: boolean }>().json === true
    const terminal: Terminal = { out: createOut(json), progress: createProgress(), json, config: readConfig(process.env) }
    process.exitCode = (await work(terminal, ...(args.slice(0, -1) as Args))) ?? EXIT.ok
  }
}

/** The action of a command that works on the database, whatever the state of its schema. */
export function onDatabase<Args extends unknown[]>(work: (terminal: Terminal & { database: OpenedDatabase }, ...args: Args) => Promise<ExitCode | void>): Action {
  return inTerminal((terminal, ...args: Args) => withDatabase(terminal, (database) => work({ ...terminal, database }, ...args)))
}

async function withDatabase(terminal: Terminal, work: (database: OpenedDatabase) => Promise<ExitCode | void>): Promise<ExitCode | void> {
  const database = await openInstallation(terminal.config, terminal.progress.line)
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

/**
 * The action of a command that works with the whole application: no server need run, and one may. A new home is
 * migrated; any other outdated schema is refused, because a command should not upgrade an installation in passing.
 */
export function inApplication<Args extends unknown[]>(work: (context: CliContext, ...args: Args) => Promise<ExitCode | void>): Action {
  return inTerminal((terminal, ...args: Args) => withApplication(terminal, (context) => work(context, ...args)))
}

/** The same for a command with input to check first: a slip on the command line should not wait for the database. */
export function inApplicationWith<Input, Args extends unknown[]>(
  read: (...args: Args) => Promise<Input>, work: (context: CliContext, input: Input, ...args: Args) => Promise<ExitCode | void>,
): Action {
  return inTerminal(async (terminal, ...args: Args) => {
    const input = await read(...args)
    return withApplication(terminal, (context) => work(context, input, ...args))
  })
}

async function withApplication(terminal: Terminal, work: (context: CliContext) => Promise<ExitCode | void>): Promise<ExitCode | void> {
  return withDatabase(terminal, async (database) => {
    const application = await openApplication(database, terminal)
    const api = createInProcessApi(application.server, application.key)
    try {
      const code = await work({ ...terminal, application, call: api.call, send: api.send })
      // Where a server runs, its workers do what has become due. Where none does, the command leaves nothing half done.
      if (api.hasWritten() && database.embedded && (await findOccupant(terminal.config.home)) === undefined) await application.settle()
      return code
    } catch (error) {
      // What was refused beside the API says as much as what the API refuses.
      throw error instanceof Refusal ? new Refusal(error.code, { ...problemMembers(application.problems, error.code), ...error.facts }) : error
    } finally {
      await application.stop()
    }
  })
}

async function openApplication(database: OpenedDatabase, { config, progress }: Terminal): Promise<Application & { key: string }> {
  // Loaded here and not above: `--help` should not wait for every module.
  const [{ createApplication }, { migrate, requireCurrentSchema }, { createLog }] = await Promise.all([
    import('../wiring.ts'), import('../platform/migrate.ts'), import('../platform/log.ts'),
  ])
  const key = randomBytes(32).toString('base64url')
  const application = await createApplication({
    database_url: database.url, admin_key: key, max_connections: MAX_CONNECTIONS,
    log: createLog(process.env['LOG_LEVEL'] === undefined ? 'warn' : config.log_level),
  })
  try {
    if (database.embedded && database.empty) {
      progress.line('Preparing the new database')
      await migrate(application.db)
    }
    await requireCurrentSchema(application.db)
    await application.prepare()
    return { ...application, key }
  } catch (error) {
    await application.stop()
    throw error
  }
}

/** Where a file named on the command line is. npm moves to the project's root; the user did not. */
export function pathOf(file: string): string {
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), file)
}

/** A file named on the command line, or standard input for `-`. */
export async function readInput(file: string): Promise<string> {
  if (file === '-') return readStream(process.stdin)
  const path = pathOf(file)
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new CliFailure(EXIT.usage, errorCode(error) === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read (${errorCode(error)}).`)
  }
}

/** The JSON of a file or text given on the command line. */
export function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CliFailure(EXIT.usage, `${source} is not valid JSON: ${(error as Error).message}.`)
  }
}
