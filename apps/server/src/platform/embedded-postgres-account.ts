import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { chmod, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The user that runs PostgreSQL, where it is not ourselves. */
export type Account = { name: string; uid: number; gid: number }

/**
 * PostgreSQL refuses to run as root, so root hands it to an ordinary user: the owner of the data
 * where there are data, else `postgres`, else `nobody`. Undefined when we are not root: then it
 * runs as ourselves.
 */
export function findAccount(dataOwner: { uid: number; gid: number } | undefined): Account | undefined {
  const uid = process.getuid?.()
  if (uid === undefined) return undefined
  if (uid !== 0) {
    if (dataOwner && dataOwner.uid !== uid) {
      throw new Error(`the database belongs to user ${dataOwner.uid}, and this process runs as user ${uid}: start Switchyard as root or as that user`)
    }
    return undefined
  }
  if (dataOwner) return { name: `user ${dataOwner.uid}`, ...dataOwner }
  for (const name of ['postgres', 'nobody']) {
    const account = lookUpAccount(name)
    if (account) return account
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody to run it: start Switchyard as an ordinary user')
}

// initdb needs the name in the user database, so numbers alone would not do.
function lookUpAccount(name: string): Account | undefined {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
    return { name, uid: id('-u'), gid: id('-g') }
  } catch {
    // `id` fails for exactly one reason: there is no such user.
    return undefined
  }
}

/** The highest folder on the way to `path`, itself included, that the account may not enter; undefined when it may enter all. */
export function findBarrier(account: Account | undefined, path: string): string | undefined {
  if (!account) return undefined
  const parent = dirname(path)
  const barrier = parent === path ? undefined : findBarrier(account, parent)
  return barrier ?? (isAllowed(account, path, 0o1) ? undefined : path)
}

/** Whether the account has these permission bits (4 read, 1 enter or execute) on the path itself; access lists are not looked at. */
export function isAllowed(account: Account, path: string, bits: number): boolean {
  const { mode, uid, gid } = statSync(path)
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0
  return ((mode >> shift) & bits) === bits
}

/**
 * The home is Switchyard's own folder, so others may be allowed to pass through it (not to list
 * it). The folders above it are not ours to open up.
 */
export async function openPassage(account: Account | undefined, home: string): Promise<void> {
  if (account && !isAllowed(account, home, 0o1)) await chmod(home, (await stat(home)).mode | 0o011)
}

/** The options under which a program starts as the account. */
export function runAs(account: Account | undefined): { uid: number; gid: number } | Record<string, never> {
  return account ? { uid: account.uid, gid: account.gid } : {}
}

/** The surroundings of the database programs: no PG… variable of ours leaks into them, messages are in English. */
export function databaseEnvironment(): NodeJS.ProcessEnv {
  if (process.platform === 'win32') return { ...process.env, LC_ALL: 'C' }
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}

/** Where root keeps what an ordinary user must reach although the home or the project lies in a closed folder. */
export const systemFolder = join('/var', 'lib', 'switchyard')
