import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, rename, stat, type FileHandle } from 'node:fs/promises'
import { createServer } from 'node:net'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { databaseEnvironment, runAs } from './embedded-postgres-account.ts'
import type { Cluster } from './embedded-postgres-data.ts'
import { isAlive, readLock } from './embedded-postgres-lock.ts'
import { errorCode } from './error-code.ts'

// Above this size the log of the database begins anew; one older file is kept.
const logLimitBytes = 10 * 1024 * 1024

/** Sensible for a small machine that also runs Switchyard; durable in every respect. */
const defaults: Record<string, string> = {
  shared_buffers: '256MB',
  effective_cache_size: `${Math.floor(totalmem() / 2 / 1024 / 1024)}MB`,
  max_connections: '100',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // These builds know no lz4, and pglz costs more processor time than its bytes are worth here.
  wal_compression: 'off',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  checkpoint_completion_target: '0.9',
  deadlock_timeout: '200ms',
  huge_pages: 'try',
  jit: 'off',
  random_page_cost: '1.1',
  shared_preload_libraries: 'pg_stat_statements',
  track_io_timing: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  log_line_prefix: '%m [%p] ',
  lc_messages: 'C',
}

/**
 * Starts PostgreSQL on 127.0.0.1 and waits until it is ready, however long its recovery takes;
 * or returns what it said when it ended instead. It gets a session of its own, so that Ctrl-C in
 * the terminal does not end it before the server has drained.
 */
export async function startPostmaster(
  { home, data, native, account }: Cluster,
  settings: Record<string, string>,
  log: (line: string) => void,
  wantedPort?: number,
): Promise<{ pid: number; port: number } | { output: string; log: string }> {
  const port = await choosePort(wantedPort)
  const logPath = join(home, 'postgres.log')
  const output = await openLog(logPath)
  const begin = (await output.stat()).size
  try {
    const network = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' }
    const flags = Object.entries({ ...defaults, ...settings, ...network }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = spawn(join(native, 'bin', 'postgres'), ['-D', data, ...flags], {
      cwd: native,
      env: databaseEnvironment(),
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      windowsHide: true,
      ...runAs(account),
    })
    await once(child, 'spawn')
    child.unref()
    const pid = child.pid ?? 0
    for (let waited = 0; child.exitCode === null && child.signalCode === null; waited += 20) {
      const lock = await readLock(data)
      // Both conditions: the file of a killed predecessor still says ready.
      if (lock?.pid === pid && lock.status === 'ready') return { pid, port }
      if (waited % 10_000 === 9_980) log('PostgreSQL is still starting: it recovers from an unclean end')
      await delay(20)
    }
    return { output: await readTail(output, begin), log: logPath }
  } finally {
    await output.close()
  }
}

/** A fast shutdown: open transactions roll back, everything is written. After 20 s an immediate one, from which the next start recovers. */
export async function endPostmaster(pid: number): Promise<void> {
  for (const [signal, patienceMs] of [['SIGINT', 20_000], ['SIGQUIT', 10_000]] as const) {
    if (!isAlive(pid)) return
    try {
      process.kill(pid, signal)
    } catch (error) {
      if (errorCode(error) === 'ESRCH') return
      throw error
    }
    for (const end = Date.now() + patienceMs; Date.now() < end; await delay(20)) if (!isAlive(pid)) return
  }
  throw new Error(`PostgreSQL (process ${pid}) does not end`)
}

// Between this and PostgreSQL's own bind another program may take the port; the caller then starts again.
async function choosePort(wanted: number | undefined): Promise<number> {
  for (const candidate of wanted === undefined ? [0] : [wanted, 0]) {
    const server = createServer()
    const isFree = await new Promise<boolean>((done) => {
      server.once('error', () => done(false))
      server.listen(candidate, '127.0.0.1', () => done(true))
    })
    const address = server.address()
    if (!isFree || address === null || typeof address === 'string') continue
    server.close()
    await once(server, 'close')
    return address.port
  }
  throw new Error('no free port on 127.0.0.1')
}

async function openLog(path: string): Promise<FileHandle> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  )
  if (size > logLimitBytes) await rename(path, `${path}.1`)
  return open(path, 'a+', 0o600)
}

async function readTail(file: FileHandle, begin: number): Promise<string> {
  const size = Math.min((await file.stat()).size - begin, 64 * 1024)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(size, 0)), 0, Math.max(size, 0), begin)
  return buffer.toString('utf8', 0, bytesRead)
}
