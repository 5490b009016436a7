import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { isOfSchema, mutate, SERVER, type Mutant } from './mutant.ts'

const ROOT = join(SERVER, '../..')
const NOT_COPIED = new Set(['node_modules', '.git', '.tmp'])
/** A mutant may make something wait for ever. */
const MAX_SECONDS = 600

export type TestRun = { tests: readonly string[]; only?: string | undefined; exclude?: readonly string[]; env?: Readonly<Record<string, string>> }
/** The first test that failed; undefined where all passed. */
export type Failure = { test: string; message: string }

/** A copy of the tree to spoil. Packages are shared; nothing else is. */
export type Scratch = {
  run: (run: TestRun) => Promise<Failure | undefined>
  /** Runs tests on the mutated copy, which is whole again afterwards. */
  runMutated: (mutant: Mutant, runs: readonly TestRun[]) => Promise<Failure | undefined>
  close: () => Promise<void>
}

export async function openScratch(templateUrl: string): Promise<Scratch> {
  const root = await mkdtemp(join(tmpdir(), 'switchyard-mutant-'))
  await cp(ROOT, root, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) })
  for (const folder of ['', 'packages/client']) await symlink(join(ROOT, folder, 'node_modules'), join(root, folder, 'node_modules'))
  const server = join(root, 'apps/server')
  const run: Scratch['run'] = (tests) => runVitest(root, { ...tests, env: { SWITCHYARD_TEST_TEMPLATE: templateUrl, ...tests.env } })
  return {
    run,
    runMutated: async (mutant, runs) => {
      const mutated = mutate(mutant, server)
      await writeFile(join(server, mutant.file), mutated)
      // A template of the mutated schema is made anew.
      const env = isOfSchema(mutant) ? { SWITCHYARD_TEST_TEMPLATE: '' } : {}
      try {
        for (const one of runs) {
          const failure = await run({ ...one, env: { ...one.env, ...env } })
          if (failure !== undefined) return failure
        }
        return undefined
      } finally {
        await writeFile(join(server, mutant.file), await readFile(join(SERVER, mutant.file)))
      }
    },
    close: () => rm(root, { recursive: true, force: true }),
  }
}

async function runVitest(root: string, { tests, only, exclude = [], env }: TestRun): Promise<Failure | undefined> {
  const report = join(root, 'report.json')
  await rm(report, { force: true })
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')))
  const child = spawn(process.execPath, [
    join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...tests.map((file) => join('apps/server', file)), '--bail=1', '--no-cache', `--fsModuleCachePath=${join(root, '.cache')}`,
    '--reporter=json', `--outputFile.json=${report}`, ...exclude.map((pattern) => `--exclude=${pattern}`), ...(only === undefined ? [] : ['-t', only.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)]),
  ], { cwd: root, env: { ...own, ...env }, stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { errors += text })
  // The workers are its children: all of them go.
  const timer = setTimeout(() => { process.kill(-child.pid!, 'SIGKILL') }, MAX_SECONDS * 1_000)
  const [code, signal] = await once(child, 'close') as [number | null, NodeJS.Signals | null]
  clearTimeout(timer)
  if (signal !== null) return { test: 'the time limit', message: `nothing came within ${MAX_SECONDS} s` }
  const failure = await readFailure(report)
  if (failure === undefined && code !== 0) throw new Error(`the tests ended with ${code} and without a failed test:\n${errors}`)
  return failure
}

type Report = { testResults: { name: string; status: string; message: string; assertionResults: { fullName: string; status: string; failureMessages: string[] }[] }[] }

async function readFailure(report: string): Promise<Failure | undefined> {
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report
  if (testResults.length === 0) throw new Error('no test ran')
  for (const { name, status, message, assertionResults } of testResults) {
    const file = name.slice(name.lastIndexOf('/') + 1)
    const failed = assertionResults.find((test) => test.status === 'failed')
    if (failed !== undefined) return { test: `${file}: ${failed.fullName}`, message: failed.failureMessages.join('\n') }
    if (status === 'failed') return { test: `${file}: before its tests`, message }
  }
  if (testResults.every(({ assertionResults }) => assertionResults.every(({ status }) => status !== 'passed'))) throw new Error('every test was skipped')
  return undefined
}
