import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const CLI = join(import.meta.dirname, '../../src/cli.ts')

/** A process of Switchyard that comes up again whenever it dies, as under a process manager. */
export type Kept = {
  /** The address of a server; undefined of a worker. */
  url: string | undefined
  kill: () => void
  /** Starts so far. */
  starts: () => number
  stop: () => Promise<void>
}

export type Keeping = { home: string; database_url: string; admin_key: string; random: () => number; complain: (line: string) => void }

/** Keeps `switchyard start` or `switchyard worker` running until it is stopped. */
export async function keepProcess(kind: 'start' | 'worker', name: string, { home, database_url, admin_key, random, complain }: Keeping): Promise<Kept> {
  const own = join(home, name)
  await mkdir(own, { recursive: true })
  const port = kind === 'start' ? await freePort() : 0
  let starts = 0
  let wanted = true
  let program: ChildProcess | undefined
  let ended: Promise<unknown> = Promise.resolve()
  const start = (): void => {
    if (!wanted) return
    starts++
    const child = spawn(process.execPath, [CLI, kind, '--json'], {
      env: { ...process.env, SWITCHYARD_HOME: own, PORT: String(port), HOST: '127.0.0.1', SWITCHYARD_DEMO: '0', SWITCHYARD_ADMIN_KEY: admin_key, DATABASE_URL: database_url, LOG_LEVEL: 'fatal' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    program = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => { if (text.includes('defect')) complain(`${name}: ${text.trim()}`) })
    ended = once(child, 'exit')
    // A moment's rest: a process manager does not spin either.
    child.once('exit', () => { setTimeout(start, 50 + random() * 500).unref() })
  }
  start()
  return {
    url: kind === 'start' ? `http://127.0.0.1:${port}` : undefined,
    kill: () => { program?.kill('SIGKILL') },
    starts: () => starts,
    stop: async () => {
      wanted = false
      program?.kill('SIGTERM')
      const tooLong = setTimeout(() => { program?.kill('SIGKILL') }, 20_000)
      await ended
      clearTimeout(tooLong)
    },
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => { probe.listen(0, '127.0.0.1', resolve) })
  const { port } = probe.address() as AddressInfo
  await new Promise<void>((resolve) => { probe.close(() => { resolve() }) })
  return port
}
