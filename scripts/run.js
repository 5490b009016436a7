// The entry of every npm script. It runs on the machine's own Node (20 or later) with nothing
// installed: it installs what is missing, then runs the program on the pinned Node.
//
// Nothing here writes to stdout except the closing line of `test`: the output belongs to the program.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install } from './install.js'
import { findNode } from './node.js'
import { superviseProgram } from './supervise.js'
import { runTests } from './test.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const [command = '', ...args] = process.argv.slice(2)

const programs = {
  start: [['apps/server/src/cli.ts', 'start', ...args]],
  switchyard: [['apps/server/src/cli.ts', ...args]],
  generate: [['apps/server/src/generate.ts', ...args]],
  bench: [['apps/server/test/bench/bench.ts', ...args]],
  campaign: [['apps/server/test/campaign/cli.ts', ...args]],
  check: [
    ['node_modules/typescript/bin/tsc', '-p', '.'],
    ['node_modules/oxlint/bin/oxlint', '--type-aware'],
    ['node_modules/vitest/vitest.mjs', 'run', 'apps/server/test/tidy.test.ts'],
  ],
}

// The server gives back what starting has used once, before it is ready (cli/start.ts).
const nodeFlags = { start: ['--expose-gc'] }

async function run() {
  if (command !== 'test' && !Object.hasOwn(programs, command)) {
    process.stderr.write(`usage: node scripts/run.js ${Object.keys(programs).join('|')}|test [arguments]\n`)
    return 2
  }
  const installed = await install(root)
  if (installed !== 0) return installed
  const node = findNode(root)
  if (!node) return 1
  if (command === 'test') return runTests(root, node, args)
  // Compiled code is kept between runs: the next one starts in half the time and without the compiler in memory.
  process.env.NODE_COMPILE_CACHE ??= join(root, '.tmp', 'compile-cache')
  for (const [program, ...rest] of programs[command]) {
    if (!existsSync(join(root, program))) {
      process.stderr.write(`switchyard: there is no ${program}\n`)
      return 1
    }
    const code = await superviseProgram(node, [...(nodeFlags[command] ?? []), join(root, program), ...rest], command === 'switchyard' ? process.cwd() : root)
    if (code !== 0) return code
  }
  return 0
}

process.exitCode = await run()
