import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname } from 'node:path'

/**
 * Runs a program as our child until it ends and returns its exit code, 128 + n if signal n ended it.
 *
 * The convention for the program: SWITCHYARD_SUPERVISED=1 says that it has an IPC channel to us.
 * When the channel closes (the `disconnect` event of `process`), we were killed, and it stops in
 * order as if by SIGTERM. Ctrl-C in a terminal reaches it twice, from the terminal and from us:
 * the same signal again within a second is the same wish.
 */
export function superviseProgram(node, args, cwd) {
  // The pinned Node goes first for whatever the program starts in turn.
  const env = { ...process.env, SWITCHYARD_SUPERVISED: '1', PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
  return supervise(node, args, { cwd, env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
}

/** The same for a child that knows nothing of the convention. */
export async function supervise(program, args, options) {
  const child = spawn(program, args, options)
  const end = forwardEnd(child)
  try {
    const [code, signal] = await once(child, 'exit')
    return signal ? 128 + constants.signals[signal] : code
  } catch (error) {
    process.stderr.write(`switchyard: cannot run ${program}: ${error.message}\n`)
    return 1
  } finally {
    end()
  }
}

// Whoever ends us ends the child; we wait for it, so that whoever waits for us knows that it has ended.
function forwardEnd(child) {
  const forward = (signal) => child.kill(signal)
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP']
  for (const signal of signals) process.on(signal, forward)
  // kill -9 of npm tells its children nothing; it is only gone.
  const launcher = findLauncher()
  const watch = setInterval(() => {
    if (!process.env.npm_lifecycle_event || findLauncher() === launcher) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, 1_000)
  return () => {
    clearInterval(watch)
    for (const signal of signals) process.off(signal, forward)
  }
}

// npm runs its scripts through a shell, which some systems keep between npm and us: then its parent is npm.
function findLauncher() {
  const { name, parent } = describeProcess(process.ppid)
  return /(^|\/)-?(ba|da|z|k|a)?sh$/.test(name) ? parent : String(process.ppid)
}

// Its name and its parent. Small Linux images have no `ps`, macOS has no /proc.
function describeProcess(pid) {
  const status = existsSync('/proc/self/status')
  const text = status ? readIfThere(`/proc/${pid}/status`) : spawnSync('ps', ['-o', 'ppid=,comm=', '-p', String(pid)], { encoding: 'utf8' }).stdout
  const found = (status ? /^Name:\s*(?<name>.+)$[^]*^PPid:\s*(?<parent>\d+)$/m : /^\s*(?<parent>\d+)\s+(?<name>.+?)\s*$/m).exec(text ?? '')
  return { name: found?.groups?.name ?? '', parent: found?.groups?.parent ?? '' }
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process ended a moment ago.
    return undefined
  }
}
