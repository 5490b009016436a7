import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The Node that runs Switchyard: the pinned one, else ours if it is new enough; undefined (and said) otherwise. */
export function findNode(root) {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  const pinned = [join(root, 'node_modules', `node-${platform}-${process.arch}`, 'bin', file), join(root, 'node_modules', '.bin', file)]
  for (const node of pinned) {
    // Asked and not only found: the pinned Node does not start on every system, for instance not on Alpine.
    if (existsSync(node) && isNewEnough(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? '')) return node
  }
  if (isNewEnough(process.version)) return process.execPath
  process.stderr.write(
    `switchyard: needs Node 22.18 or later. The pinned one (npm package node-${platform}-${process.arch}) is not there or does not start here, ` +
      `and this is ${process.version}. Install a newer Node (https://nodejs.org) and repeat the command.\n`,
  )
  return undefined
}

// From 22.18 on, Node runs TypeScript without a flag.
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.trim().replace(/^v/, '').split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18)
}
