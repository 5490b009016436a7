import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { superviseProgram } from './supervise.js'

/** Runs the tests and closes with a line `N passed, N failed, N skipped`. Fails when one fails, and when none ran. */
export async function runTests(root, node, args) {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-report-'))
  try {
    const report = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const code = await superviseProgram(node, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...args, ...reporters], root)
    const { passed, failed, skipped } = countTests(report, code)
    if (passed + failed === 0) process.stderr.write('switchyard: no test ran\n')
    process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`)
    return code === 0 && (failed > 0 || passed === 0) ? 1 : code
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function countTests(report, code) {
  const count = { passed: 0, failed: 0, skipped: 0 }
  for (const { status, assertionResults } of readReport(report)) {
    const before = count.failed
    for (const test of assertionResults) count[test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped'] += 1
    // A file that does not load, or whose beforeAll fails, has no failed test and has failed all the same.
    if (status === 'failed' && count.failed === before) count.failed += 1
  }
  // An error outside every test, or a vitest that died, is a failure too.
  if (code !== 0 && count.failed === 0 && count.passed + count.skipped > 0) count.failed = 1
  return count
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).testResults
  } catch (error) {
    process.stderr.write(`switchyard: the tests ended without a report (${error.message})\n`)
    return [{ status: 'failed', assertionResults: [] }]
  }
}
