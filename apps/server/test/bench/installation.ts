import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { openEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts'
import { runStatements } from '../harness/statements.ts'
import { seed, type Retailer } from './seed.ts'

/** A server process, started as `npm start` starts it. */
export type Server = {
  url: string
  pid: number
  /** Milliseconds from the database being up to the server being ready, by its own account. */
  ready_ms: number
  /** Where its inspector listens, if it was asked to. */
  inspector: string | undefined
  /** Asks the API. An answer that is no success is an error. */
  ask: <Body>(method: 'GET' | 'POST', path: string, body?: unknown) => Promise<Body>
  stop: () => Promise<void>
}

export type StartOptions = { worker?: boolean; inspect?: boolean }

/** A home of its own, with a durable embedded database that holds the seeded retailer. */
export type Installation = {
  home: string
  retailer: Retailer
  /** The API key of the load. */
  key: string
  /** The address of the database `switchyard`. */
  url: string
  postmaster_pid: number
  /** Makes the database what it was after seeding. No server may run. */
  reset: () => Promise<void>
  start: (options?: StartOptions) => Promise<Server>
  /** Ends the servers that a failed benchmark has left. */
  stopServers: () => Promise<void>
  close: () => Promise<void>
}

const CLI = join(import.meta.dirname, '../../src/cli.ts')

export async function openInstallation(retailer: Retailer, say: (text: string) => void): Promise<Installation> {
  // /tmp: a place that the unprivileged database user can reach.
  const home = await mkdtemp(join(tmpdir(), 'switchyard-bench-'))
  // As every installation has it; only the time of each commit is kept beside, to measure the feed by.
  const postgres = await openEmbeddedPostgres({ home, settings: { track_commit_timestamp: 'on' } })
  const close = async (): Promise<void> => {
    await postgres.stop()
    await rm(home, { recursive: true, force: true })
  }
  try {
    say(`home ${home}`)
    const key = await seed(postgres.url(), retailer, say)
    await runStatements(postgres.url('postgres'), 'create database seeded template switchyard')
    const [postmaster] = (await readFile(join(home, 'postgres/postmaster.pid'), 'utf8')).split('\n')
    const servers = new Set<Server>()
    const stopServers = async (): Promise<void> => {
      for (const server of servers) await server.stop()
      servers.clear()
    }
    return {
      home, retailer, key, url: postgres.url(), postmaster_pid: Number(postmaster),
      reset: () => runStatements(postgres.url('postgres'), 'drop database switchyard with (force)', 'create database switchyard template seeded strategy wal_log'),
      start: async (options = {}) => {
        const server = await startServer(home, key, options)
        servers.add(server)
        return { ...server, stop: async () => { servers.delete(server); await server.stop() } }
      },
      stopServers,
      close: async () => {
        await stopServers()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function startServer(home: string, key: string, { worker = true, inspect = false }: StartOptions): Promise<Server> {
  const program = spawn(process.execPath, ['--expose-gc', ...(inspect ? ['--inspect=127.0.0.1:0'] : []), CLI, 'start', '--json', ...(worker ? [] : ['--no-worker'])], {
    env: { ...process.env, SWITCHYARD_HOME: home, PORT: '0', HOST: '127.0.0.1', SWITCHYARD_DEMO: '0', DATABASE_URL: '', LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  const seconds = new Map<string, number>()
  let inspector: string | undefined
  createInterface({ input: program.stderr }).on('line', (line) => {
    said.push(line)
    const reached = /^\s*([\d.]+) s\s+(database is up|ready)/.exec(line)
    if (reached !== null) seconds.set(reached[2]!, Number(reached[1]))
    else if (line.startsWith('Debugger listening on ')) inspector = line.slice('Debugger listening on '.length)
    else if (line.startsWith('{')) process.stderr.write(`server: ${line}\n`)
  })
  const url = await addressOf(program, said)
  return {
    url, pid: program.pid!, inspector, ready_ms: Math.round(((seconds.get('ready') ?? Number.NaN) - (seconds.get('database is up') ?? Number.NaN)) * 1_000),
    ask: async <Body>(method: 'GET' | 'POST', path: string, body?: unknown) => {
      const answer = await fetch(url + path, { method, headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 500)}`)
      return (answer.headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : text) as Body
    },
    stop: () => stopProcess(program),
  }
}

/** The server says where it listens in one line of JSON on stdout. */
async function addressOf(program: ChildProcess, said: readonly string[]): Promise<string> {
  const told = Promise.withResolvers<string>()
  let text = ''
  program.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    if (text.includes('\n')) told.resolve((JSON.parse(text.slice(0, text.indexOf('\n'))) as { url: string }).url)
  })
  program.once('error', told.reject)
  program.once('exit', (code) => { told.reject(new Error(`the server ended with code ${code} while starting:\n${said.join('\n')}`)) })
  const url = await told.promise
  // The line that says how long it took stands on the other stream.
  await delay(50)
  return url
}

async function stopProcess(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return
  const ended = once(program, 'exit')
  program.kill('SIGTERM')
  await ended
}
