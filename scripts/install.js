import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { supervise } from './supervise.js'

/** Installs the packages unless exactly those of the lock file are there. Returns the exit code; says on stderr what it does. */
export async function install(root) {
  if (isInstalled(root)) return 0
  const release = await lock(root)
  try {
    // Another process may have installed while we waited.
    if (isInstalled(root)) return 0
    process.stderr.write('switchyard: installing the packages of package-lock.json (npm ci)\n')
    const npm = process.env.npm_execpath
    // What is needed stays needed under NODE_ENV=production and `npm --silent`. npm's output is no output of the program.
    const args = ['ci', '--include=dev', '--include=optional', '--loglevel=error']
    const viaShell = npm === undefined && process.platform === 'win32'
    const [program, ...rest] = npm?.endsWith('.js') ? [process.execPath, npm, ...args] : [viaShell ? 'npm.cmd' : 'npm', ...args]
    const code = await supervise(program, rest, { cwd: root, stdio: ['ignore', 2, 2], shell: viaShell })
    if (code !== 0) {
      process.stderr.write(`switchyard: npm ci failed (exit code ${code}); nothing was started. The reason stands above.\n`)
      return code
    }
    const missing = findDifference(root)
    if (missing) {
      process.stderr.write(`switchyard: npm ci left out ${missing}; check the network or the registry and repeat the command\n`)
      return 1
    }
    writeStamp(root)
    return 0
  } finally {
    release()
  }
}

function isInstalled(root) {
  const stamp = existsSync(stampPath(root)) ? readFileSync(stampPath(root), 'utf8') : undefined
  if (stamp === fingerprint(root)) return true
  // After `npm install` there is no stamp of ours, yet everything is in place.
  if (findDifference(root)) return false
  writeStamp(root)
  return true
}

// Without the stamp the next start only compares again, so a read-only installation does without.
function writeStamp(root) {
  try {
    writeFileSync(stampPath(root), fingerprint(root))
  } catch (error) {
    if (!['EACCES', 'EROFS', 'EPERM'].includes(error.code)) throw error
  }
}

function stampPath(root) {
  return join(root, 'node_modules', '.switchyard-installed')
}

function fingerprint(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const file of ['package-lock.json', ...manifests(root)]) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

function manifests(root) {
  const { workspaces } = readJson(join(root, 'package.json'))
  return ['package.json', ...workspaces.map((folder) => `${folder}/package.json`)]
}

/** The first difference between the manifests, the lock file and npm's own record of node_modules; undefined where they agree. */
function findDifference(root) {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return 'node_modules'
  const wanted = readJson(join(root, 'package-lock.json')).packages
  const found = readJson(record).packages
  for (const file of manifests(root)) {
    const manifest = readJson(join(root, file))
    const locked = wanted[file.replace(/\/?package\.json$/, '')] ?? {}
    for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
      if (!isDeepStrictEqual(manifest[kind] ?? {}, locked[kind] ?? {})) return `the ${kind} of ${file}`
    }
  }
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) continue
    const present = found[path]
    if (present ? present.version !== entry.version || present.integrity !== entry.integrity : isNeeded(entry)) return path
  }
  return Object.keys(found).find((path) => !wanted[path])
}

// Packages for other systems are left out on purpose. Of those for a C library (musl or glibc) one is enough, and npm knows which.
function isNeeded({ optional, os, cpu, libc }) {
  if (!optional) return true
  const fits = (list, own) => list === undefined || [list].flat().includes(own)
  return libc === undefined && (os !== undefined || cpu !== undefined) && fits(os, process.platform) && fits(cpu, process.arch)
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

// Two commands at once on a fresh clone: the second waits for the first. A folder is made by one process only.
async function lock(root) {
  const folder = join(root, '.tmp')
  const path = join(folder, 'installing')
  mkdirSync(folder, { recursive: true })
  for (let waited = 0; ; waited += 1) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (waited === 0) process.stderr.write('switchyard: waiting for another process that installs the packages\n')
    await delay(500)
    if (!isRunning(path)) rmSync(path, { force: true })
  }
}

function isRunning(path) {
  try {
    process.kill(Number(readFileSync(path, 'utf8')), 0)
    return true
  } catch (error) {
    // Without the file the other has just finished.
    return error.code === 'EPERM' || error.code === 'ENOENT'
  }
}
