import { randomBytes } from 'node:crypto'
import { access, chmod, constants, cp, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { findBarrier, isAllowed, systemFolder, type Account } from './embedded-postgres-account.ts'
import { errorCode } from './error-code.ts'

/**
 * The folder with `bin`, `lib` and `share` of PostgreSQL, complete and readable by the account.
 *
 * The npm package leaves the library links to an install script, which we do not run: the links
 * are made here from the package's own list. Where the package cannot be written, or the account
 * cannot read it, the folder is copied once per version: by root to /var/lib/switchyard, by
 * others into the home.
 */
export async function prepareBinaries(account: Account | undefined, home: string, log: (line: string) => void, from = locatePackage()): Promise<string> {
  const native = join(from, 'native')
  if (isReadable(account, native) && (await tryMakeLinks(native))) return native

  const { version }: { version: string } = JSON.parse(await readFile(join(from, 'package.json'), 'utf8'))
  const parent = account ? systemFolder : home
  const copy = join(parent, `postgresql-${version}-${process.platform}-${process.arch}`)
  if (await exists(copy)) return copy
  log(`Copying PostgreSQL to ${copy}, because it cannot be used where npm installed it`)
  await mkdir(parent, { recursive: true })
  if (account) await chmod(parent, 0o755)
  // Copied beside and renamed, so that an interrupted copy is never taken for a whole one.
  const staged = `${copy}.${process.pid}-${randomBytes(4).toString('hex')}`
  await cp(native, staged, { recursive: true, verbatimSymlinks: true })
  await makeLinks(staged)
  await makeReadable(staged)
  await publishFolder(staged, copy)
  return copy
}

function locatePackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new Error(`the npm package ${name} with PostgreSQL is not installed (run npm ci), or there is none for this machine: then set DATABASE_URL`, { cause })
  }
}

function isReadable(account: Account | undefined, native: string): boolean {
  if (!account) return true
  if (findBarrier(account, native)) return false
  // A strict umask at install time shows at the folders and at their files alike; these stand for all.
  const samples = ['bin', 'lib', 'share', 'bin/postgres', 'bin/initdb']
  return samples.every((path) => isAllowed(account, join(native, path), 0o5))
}

async function tryMakeLinks(native: string): Promise<boolean> {
  try {
    await makeLinks(native)
    return true
  } catch (error) {
    if (['EACCES', 'EROFS', 'EPERM'].includes(errorCode(error))) return false
    throw error
  }
}

// Safe against a second process doing the same: a link appears whole or not at all.
async function makeLinks(native: string): Promise<void> {
  const listing = join(native, 'pg-symlinks.json')
  if (!(await exists(listing))) return
  const links: { source: string; target: string }[] = JSON.parse(await readFile(listing, 'utf8'))
  for (const { source, target } of links) {
    // The list counts from the package ("native/lib/…"), the copy has another name.
    await makeLink(relative(dirname(target), source), join(native, relative('native', target)))
  }
}

async function makeLink(goal: string, path: string): Promise<void> {
  try {
    await symlink(goal, path)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') {
      // On a read-only system an existing link still serves.
      if (await exists(path)) return
      throw error
    }
    const wrong = (await lstat(path)).isSymbolicLink() && (await readlink(path)) !== goal
    if (!wrong) return
    const staged = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
    await symlink(goal, staged)
    await rename(staged, path)
  }
}

async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) await chmod(path, 0o755)
    else if (entry.isFile()) await chmod(path, (await lstat(path)).mode & 0o111 ? 0o755 : 0o644)
  }
}

/** Gives a finished folder its name; where another process was faster, its folder stays and ours goes. Tells whether ours stands. */
export async function publishFolder(staged: string, path: string): Promise<boolean> {
  try {
    await rename(staged, path)
    return true
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errorCode(error)) || !(await exists(path))) throw error
    await rm(staged, { recursive: true, force: true, maxRetries: 5 })
    return false
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  )
}
