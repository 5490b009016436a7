import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { errorCode } from '../platform/error-code.ts'
import type { Application } from '../wiring.ts'
import { inTerminal, type Terminal } from './context.ts'
import { openInstallation } from './database.ts'
import { listenForEnding, type Ending } from './ending.ts'
import { CliFailure, EXIT, type ExitCode } from './exit-codes.ts'
import { runFirst, type Login } from './first-run.ts'
import { lockHome, type Occupant } from './home-lock.ts'
import { createInProcessApi } from './in-process-api.ts'
import { strong } from './output.ts'

/** In-flight requests get this long to finish once the end is wished. */
const DRAIN_MS = 10_000

export function registerStart(program: Command): void {
  program.command('start')
    .description('Run the server: database, API, pages and background work')
    .option('--no-worker', 'leave background work to other processes (`switchyard worker`)')
    .addHelpText('after', `
Environment:
  PORT                  where to listen (4000); 0 chooses a free port
  HOST                  the address to listen on (127.0.0.1); 0.0.0.0 is reached from other machines
  SWITCHYARD_HOME       the folder of this installation (.switchyard)
  DATABASE_URL          a PostgreSQL of your own instead of the embedded one
  SWITCHYARD_DEMO=0     begin empty, without the demo retailer
  SWITCHYARD_ADMIN_KEY  an administrator's API key to accept
  SWITCHYARD_MAX_IN_FLIGHT  requests at hand before others are turned away
  LOG_LEVEL             trace, debug, info, warn, error (info)

Examples:
  npm start
  PORT=0 SWITCHYARD_DEMO=0 npm start
  DATABASE_URL=postgres://switchyard:secret@db:5432/switchyard npm start -- --no-worker`)
    .action(inTerminal(start))
}

/** Says on stderr what has been reached, and after how long. */
type Say = (text: string) => void

async function start(terminal: Terminal, options: { worker: boolean }): Promise<ExitCode> {
  const { config, progress } = terminal
  const startedMs = performance.now()
  const say: Say = (text) => { progress.line(`${((performance.now() - startedMs) / 1_000).toFixed(2).padStart(7)} s  ${text}`) }
  const occupant: Occupant = { pid: process.pid, url: null, started_at: new Date().toISOString() }
  const lock = await lockHome(config.home, occupant)
  if (!lock.taken) throw new CliFailure(EXIT.occupied, occupied(config.home, lock.occupant))
  const ending = listenForEnding((error) => { progress.line(`switchyard: a defect ends this process: ${error instanceof Error ? error.stack ?? error.message : String(error)}`) })
  try {
    await requireFreePort(config.host, config.port)
    // The modules are loaded while the database starts.
    const loading = import('../wiring.ts')
    const database = await openInstallation(config, say)
    say('database is up')
    try {
      const { createApplication } = await loading
      return await serve(terminal, { createApplication, url: database.url, worker: options.worker, ending, say, tell: (url) => { lock.tell({ ...occupant, url }) } })
    } finally {
      await database.close()
      say('stopped')
    }
  } finally {
    await lock.release()
    ending.release()
  }
}

function occupied(home: string, occupant: Occupant | undefined): string {
  const who = occupant === undefined ? 'Another Switchyard' : `Process ${occupant.pid}`
  const what = occupant === undefined ? 'runs' : occupant.url === null ? `is starting (since ${occupant.started_at})` : `serves ${occupant.url} (since ${occupant.started_at})`
  return `${who} ${what} on the home ${home}. Stop it first, or give this one a home of its own with SWITCHYARD_HOME.`
}

type Serving = {
  createApplication: typeof import('../wiring.ts').createApplication
  url: string
  worker: boolean
  ending: Ending
  say: Say
  tell: (url: string) => void
}

async function serve({ config, progress, out }: Terminal, { createApplication, url, worker, ending, say, tell }: Serving): Promise<ExitCode> {
  const [{ migrate }, { createLog }] = await Promise.all([import('../platform/migrate.ts'), import('../platform/log.ts')])
  const key = config.admin_key ?? randomBytes(32).toString('base64url')
  const application = await createApplication({ database_url: url, admin_key: key, max_in_flight: config.max_in_flight, log: createLog(config.log_level) })
  const record = join(config.home, 'server.json')
  try {
    const applied = await migrate(application.db)
    if (applied.length > 0) say(`schema migrated (${applied.length})`)
    await application.prepare()
    if (ending.isWished()) return await exitOf(ending)
    const { first, logins } = await runFirst(application, { demo: config.demo, progress, call: createInProcessApi(application.server, key).call })
    if (first) say('first run done')
    if (ending.isWished()) return await exitOf(ending)

    await application.server.ready()
    // Starting leaves 30 to 50 MB of garbage, which an idle process would keep for good.
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    const address = await listen(application, config.host, config.port)
    if (worker) await application.startWorkers()
    tell(address)
    await writeFile(record, `${JSON.stringify({ pid: process.pid, port: Number(new URL(address).port), url: address, started_at: new Date().toISOString() }, null, 2)}\n`, { mode: 0o600 })
    say(worker ? 'ready' : 'ready, without background work')
    out({ url: address, pid: process.pid, logins }, () => welcome(address, config.host, logins))
    const code = await exitOf(ending)
    say('stopping')
    return code
  } finally {
    await stop(application, ending)
    await rm(record, { force: true })
  }
}

async function exitOf(ending: Ending): Promise<ExitCode> {
  return (await ending.wished) === 0 ? EXIT.ok : EXIT.failed
}

/** A taken port is said before anything is started, not after a minute of preparations. */
async function requireFreePort(host: string, port: number): Promise<void> {
  if (port === 0) return
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => { reject(asPortFailure(error, host, port)) })
    probe.listen(port, host, () => { probe.close(() => { resolve() }) })
  })
}

async function listen(application: Application, host: string, port: number): Promise<string> {
  const { log } = application
  const level = log.level
  // Fastify would log the address, which is told better below.
  log.level = 'warn'
  try {
    await application.server.listen({ host, port })
  } catch (error) {
    throw asPortFailure(error, host, port)
  } finally {
    log.level = level
  }
  const { port: actual } = application.server.server.address() as AddressInfo
  return urlOf(host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, actual)
}

function asPortFailure(error: unknown, host: string, port: number): unknown {
  switch (errorCode(error)) {
    case 'EADDRINUSE': return new CliFailure(EXIT.failed, `Port ${port} is taken by another program. Set PORT to another number, or to 0 for a free one.`)
    case 'EACCES': return new CliFailure(EXIT.failed, `Port ${port} needs rights this process does not have. Set PORT to a number above 1023.`)
    case 'EADDRNOTAVAIL': case 'ENOTFOUND': return new CliFailure(EXIT.failed, `HOST ${host} is no address of this machine. 127.0.0.1 is reached from here alone, 0.0.0.0 from everywhere.`)
    default: return error
  }
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function welcome(address: string, host: string, logins: readonly Login[]): string {
  const line = (title: string, text: string): string => `  ${title.padEnd(12)} ${text}`
  const port = Number(new URL(address).port)
  const elsewhere = host === '0.0.0.0' || host === '::' ? Object.values(networkInterfaces()).flat().filter((found) => found?.family === 'IPv4' && !found.internal) : []
  return [
    '', strong('Switchyard runs.'), '',
    line('Start page', `${address}/`),
    line('Reference', `${address}/reference`),
    line('Health', `${address}/health/ready`),
    ...elsewhere.map((found) => line('Network', `${urlOf(found!.address, port)}/`)),
    ...(logins.length === 0 ? [] : ['', '  Sign in as', ...logins.map(({ email, password, role }) => `    ${email.padEnd(Math.max(...logins.map((login) => login.email.length)))}  ${password}  ${role}`)]),
    '', `ready ${address}`,
  ].join('\n')
}

/** Takes no more requests, lets those in flight finish, ends background work, closes the database. */
async function stop(application: Application, ending: Ending): Promise<void> {
  const { server } = application.server
  const cut = (): void => { server.closeAllConnections() }
  const deadline = setTimeout(cut, DRAIN_MS)
  ending.onHurry(cut)
  // A connection that has just answered stays open for its next request; nobody should wait for that.
  const sweep = setInterval(() => { server.closeIdleConnections() }, 50)
  try {
    await application.stop()
  } finally {
    clearTimeout(deadline)
    clearInterval(sweep)
  }
}
