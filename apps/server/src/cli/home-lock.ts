import { createHash } from 'node:crypto'
import { mkdir, realpath, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorCode } from '../platform/error-code.ts'

/** The server that runs on a home, in its own words. `url` is null until it is ready. */
export type Occupant = { pid: number; url: string | null; started_at: string }

export type HomeLock =
  | { taken: true; /** Changes what others are told. */ tell: (occupant: Occupant) => void; release: () => Promise<void> }
  | { taken: false; occupant: Occupant | undefined }

/**
 * One server per home. The lock is a name on which the server listens: the system gives it to one process and takes it
 * back when that process ends, however it ends. Whoever finds it taken asks there who has it.
 */
export async function lockHome(home: string, occupant: Occupant): Promise<HomeLock> {
  const name = await lockName(home)
  let told = occupant
  for (let attempt = 0; ; attempt++) {
    const server = await listen(name, () => `${JSON.stringify(told)}\n`)
    if (server !== undefined) {
      server.unref()
      return {
        taken: true,
        tell: (next) => { told = next },
        release: () => new Promise((resolve) => { server.close(() => { resolve() }) }),
      }
    }
    const answer = await ask(name)
    if (answer !== 'nobody') return { taken: false, occupant: answer }
    // A socket file outlives a killed process; nobody listens on it any more. Names of Linux and Windows do not.
    if (attempt === 3) return { taken: false, occupant: undefined }
    await rm(name, { force: true })
  }
}

/** Who runs on the home; undefined where nobody does. */
export async function findOccupant(home: string): Promise<Occupant | undefined> {
  const answer = await ask(await lockName(home))
  return answer === 'nobody' ? undefined : answer
}

async function lockName(home: string): Promise<string> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  const key = createHash('sha256').update(await realpath(home)).digest('hex').slice(0, 24)
  if (process.platform === 'linux') return `\0switchyard-${key}`
  if (process.platform === 'win32') return `\\\\.\\pipe\\switchyard-${key}`
  // Paths of sockets are short (104 bytes on macOS), a home's may be long.
  return join(tmpdir(), `switchyard-${key}.sock`)
}

function listen(name: string, answer: () => string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => { socket.destroy() })
      socket.end(answer())
    })
    server.once('error', (error) => { if (errorCode(error) === 'EADDRINUSE') resolve(undefined); else reject(error) })
    server.listen(name, () => { resolve(server) })
  })
}

/** An occupant that is too busy to answer is one all the same; what it is then stays unknown. */
function ask(name: string): Promise<Occupant | 'nobody' | undefined> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(name)
    const end = (answer: Occupant | 'nobody' | undefined): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(2_000, () => { end(undefined) })
    socket.on('data', (chunk) => { text += String(chunk) })
    socket.on('error', (error) => { end(['ECONNREFUSED', 'ENOENT'].includes(errorCode(error)) ? 'nobody' : undefined) })
    socket.on('end', () => { end(text === '' ? undefined : (JSON.parse(text) as Occupant)) })
  })
}
