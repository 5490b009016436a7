import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, chown, link, lstat, mkdir, open, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { databaseEnvironment, findAccount, findBarrier, openPassage, runAs, systemFolder, type Account } from './embedded-postgres-account.ts'
import { exists, prepareBinaries, publishFolder } from './embedded-postgres-binaries.ts'
import { isAlive } from './embedded-postgres-lock.ts'
import { errorCode } from './error-code.ts'

/** A database on disk, ready to be started. `data` has no links in it. */
export type Cluster = { home: string; data: string; native: string; password: string; account: Account | undefined }

/** The data folder and the password of the home, where both exist already. */
export async function locateCluster(home: string): Promise<{ data: string; password: string } | undefined> {
  const data = join(resolve(home), 'postgres')
  const password = join(resolve(home), 'postgres-password')
  if (!(await exists(join(data, 'PG_VERSION'))) || !(await exists(password))) return undefined
  return { data: await realpath(data), password: await readPassword(password) }
}

/**
 * The database of the home, created on the first call. Two processes may do this at once: both
 * create one, the first to finish gives it its name, the other's is thrown away unused.
 */
export async function prepareCluster(home: string, log: (line: string) => void, durable: boolean): Promise<Cluster> {
  await mkdir(dirname(resolve(home)), { recursive: true })
  await mkdir(home, { recursive: true, mode: 0o700 })
  const root = await realpath(home)
  const data = join(root, 'postgres')
  const found = await inspectData(data)
  const account = findAccount(found)
  await openPassage(account, root)
  const native = await prepareBinaries(account, root, log)
  const password = await choosePassword(root, found !== undefined)
  if (!found) await createData({ root, data, native, password, account, log, durable })

  const place = await realpath(data)
  const barrier = findBarrier(account, place)
  if (barrier) {
    throw new Error(
      `PostgreSQL runs as ${account?.name ?? ''} and may not enter ${barrier}, on the way to its data in ${place}: ` +
        `move the home elsewhere or allow it with "chmod o+x ${barrier}"`,
    )
  }
  return { home: root, data: place, native, password, account }
}

/** The owner of an existing database; undefined where there is none yet. Whatever else has its name is left alone. */
async function inspectData(data: string): Promise<{ uid: number; gid: number } | undefined> {
  const entry = await lstat(data).catch(() => undefined)
  if (!entry) return undefined
  const target = await stat(data).catch(() => undefined)
  if (!target) throw new Error(`${data} leads to a folder that no longer exists: bring the data back, or remove the link to begin anew`)
  const owner = { uid: target.uid, gid: target.gid }
  // Someone who may not look inside learns from findAccount who may.
  const entries = await readdir(data).catch((error: NodeJS.ErrnoException) => (error.code === 'EACCES' ? undefined : Promise.reject(error)))
  if (!entries || entries.includes('PG_VERSION')) return owner
  if (entries.length > 0) throw new Error(`${data} is not empty and holds no PostgreSQL database: move it away`)
  return undefined
}

async function choosePassword(root: string, hasData: boolean): Promise<string> {
  const path = join(root, 'postgres-password')
  if (!(await exists(path))) {
    if (hasData) throw new Error(`${path} is missing, the password of the database beside it: bring it back from the backup`)
    // Written beside and linked: the file appears whole, and only the first of two processes makes it.
    const staged = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
    await writeFile(staged, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 })
    await link(staged, path).catch((error: NodeJS.ErrnoException) => (error.code === 'EEXIST' ? undefined : Promise.reject(error)))
    await rm(staged)
  }
  return readPassword(path)
}

async function readPassword(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim()
}

type Creation = Omit<Cluster, 'home'> & { root: string; log: (line: string) => void; durable: boolean }

async function createData(creation: Creation): Promise<void> {
  const { root, data, native, password, account, log, durable } = creation
  const barrier = findBarrier(account, root)
  const elsewhere = barrier !== undefined
  const key = createHash('sha256').update(root).digest('hex').slice(0, 12)
  const parent = elsewhere ? systemFolder : root
  const prefix = elsewhere ? `${key}-new-` : 'postgres-new-'
  await mkdir(parent, { recursive: true })
  if (elsewhere) await chmod(parent, 0o755)
  await removeLeftovers(parent, prefix)

  const stage = join(parent, `${prefix}${process.pid}-${randomBytes(4).toString('hex')}`)
  await mkdir(stage, { mode: 0o700 })
  await writeFile(join(stage, 'password'), password, { mode: 0o600 })
  if (account) for (const path of [stage, join(stage, 'password')]) await chown(path, account.uid, account.gid)
  await initialize(stage, native, account, durable)

  if (elsewhere) {
    const place = join(systemFolder, `${key}-${basename(stage).slice(-8)}`)
    await publishFolder(join(stage, 'data'), place)
    await syncFolder(systemFolder)
    await nameElsewhere(place, data)
    log(`The database lies in ${await realpath(data)}, because ${account?.name ?? ''}, who runs PostgreSQL, may not enter ${barrier}`)
    const earlier = (await readdir(systemFolder)).filter((name) => name.startsWith(`${key}-`) && !name.startsWith(prefix) && name !== basename(place))
    if (earlier.length > 0) log(`Data of earlier homes in the same place remain in ${systemFolder}: ${earlier.join(', ')}`)
  } else {
    await publishFolder(join(stage, 'data'), data)
  }
  await syncFolder(root)
  await rm(stage, { recursive: true, force: true })
}

// The link is the only way to the data: a home that is deleted begins anew, a home that is moved keeps them.
async function nameElsewhere(place: string, data: string): Promise<void> {
  try {
    await symlink(place, data)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    // Another process was faster; this folder was made a moment ago and never used.
    await rm(place, { recursive: true, force: true })
  }
}

async function initialize(stage: string, native: string, account: Account | undefined, durable: boolean): Promise<void> {
  const args = ['-D', join(stage, 'data'), '--username=switchyard', `--pwfile=${join(stage, 'password')}`, '--auth=scram-sha-256']
  // Text sorts by code point and folds case by Unicode on every machine alike, whatever its C library.
  args.push('--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--data-checksums')
  if (!durable) args.push('--no-sync')
  try {
    await promisify(execFile)(join(native, 'bin', 'initdb'), args, { cwd: native, env: databaseEnvironment(), windowsHide: true, ...runAs(account) })
  } catch (cause) {
    // The message of execFile ends with what the program said.
    throw new Error(`PostgreSQL could not create its database in ${stage}: ${String(cause)}`, { cause })
  }
}

// A first start that was killed leaves its unfinished folder, never used by anyone.
async function removeLeftovers(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length).split('-')[0]))) continue
    // initdb outlives its killed parent by a second and may still be writing there.
    await rm(join(parent, name), { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
