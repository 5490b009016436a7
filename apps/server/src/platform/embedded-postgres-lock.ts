import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Account } from './embedded-postgres-account.ts'
import { errorCode } from './error-code.ts'

/** What a running (or killed) PostgreSQL says of itself in `postmaster.pid`. */
export type Lock = { pid: number; data: string; port: number; status: string; text: string }

/**
 * The lock file of the data folder. After kill -9 it stays behind and still says `ready`: ask
 * `isAlive` before believing it. Undefined where there is none, or one just being written.
 */
export async function readLock(data: string): Promise<Lock | undefined> {
  let text: string
  try {
    text = await readFile(join(data, 'postmaster.pid'), 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  const lines = text.split('\n').map((line) => line.trim())
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, data: lines[1] ?? '', port: Number(lines[3]), status: lines[7] ?? '', text }
}

/** Whether the process lives. A zombie does not: where process 1 reaps nobody, a killed PostgreSQL stays one for good. */
export function isAlive(pid: number): boolean {
  if (existsSync('/proc/self/stat')) {
    const fields = readProcess(pid, 'stat')
    // The program's name stands in parentheses and may contain any character; the state follows it.
    if (fields !== undefined) return !/^[ZX]/.test(fields.slice(fields.lastIndexOf(')') + 2))
  }
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

/**
 * Whether the process is certainly no PostgreSQL, so that its number in the lock file is left
 * over from before a restart of the machine or the container.
 */
export function isAnotherProgram(pid: number): boolean {
  const command = readCommand(pid)
  return command !== undefined && command !== '' && !/(^|[\\/])postgres(\.exe)?(:|$)/.test(command)
}

function readCommand(pid: number): string | undefined {
  if (process.platform === 'linux') return readProcess(pid, 'cmdline')?.split('\0')[0]
  if (process.platform !== 'darwin') return undefined
  try {
    return execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    // `ps` fails when the process has just ended: then we know nothing of it.
    return undefined
  }
}

function readProcess(pid: number, what: 'stat' | 'cmdline'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8')
  } catch {
    // Gone meanwhile, or not ours to look at: nothing is known either way.
    return undefined
  }
}

/**
 * Makes a left-over lock file one that PostgreSQL itself recognizes as left over: the number of
 * its own parent, which is us. The file is not deleted, because its seventh line leads
 * PostgreSQL to the shared memory of a killed predecessor whose workers may still be writing.
 */
export async function disownLock(lock: Lock, data: string, account: Account | undefined): Promise<void> {
  const staged = join(data, `postmaster.pid.${randomBytes(4).toString('hex')}`)
  await writeFile(staged, lock.text.replace(/^\d+/, String(process.pid)), { mode: 0o600 })
  if (account) await chown(staged, account.uid, account.gid)
  if ((await readLock(data))?.text === lock.text) await rename(staged, join(data, 'postmaster.pid'))
  else await rm(staged)
}

/** Removes a lock file that a power cut left empty. PostgreSQL refuses to start on it, and it holds nothing to lose. */
export async function removeEmptyLock(data: string): Promise<void> {
  const path = join(data, 'postmaster.pid')
  const found = await stat(path).catch(() => undefined)
  // A starting PostgreSQL fills its file within milliseconds.
  if (found?.size === 0 && Date.now() - found.mtimeMs > 5_000) await rm(path, { force: true })
}

/**
 * Every process that opened the database leaves a mark in `<home>/postgres-holders`, so that the
 * last one to stop shuts it down and not the first. Marks of ended processes count for nothing.
 */
export async function takeHold(home: string): Promise<{ release: () => Promise<'last' | 'others remain'> }> {
  const folder = join(home, 'postgres-holders')
  await mkdir(folder, { recursive: true })
  const own = `${process.pid}-${randomBytes(4).toString('hex')}`
  await writeFile(join(folder, own), startOf(process.pid))
  return {
    async release() {
      await rm(join(folder, own), { force: true })
      let others = 0
      for (const mark of await readdir(folder)) {
        const pid = Number(mark.split('-')[0])
        const start = await readFile(join(folder, mark), 'utf8').catch(() => undefined)
        if (start !== undefined && isAlive(pid) && start === startOf(pid)) others += 1
        else await rm(join(folder, mark), { force: true })
      }
      return others === 0 ? 'last' : 'others remain'
    },
  }
}

// Process numbers return after a restart of a container, always the same ones; the start time tells them apart.
function startOf(pid: number): string {
  const fields = readProcess(pid, 'stat')
  return fields === undefined ? '' : (fields.slice(fields.lastIndexOf(')') + 2).split(' ')[19] ?? '')
}
