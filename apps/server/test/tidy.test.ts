import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MODULE_GRAPH } from '../src/module-graph.ts'

const SRC = join(import.meta.dirname, '../src')
const MIGRATIONS = join(import.meta.dirname, '../migrations')

type Source = { path: string; text: string; lines: string[] }
const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts')).map((path) => {
  const text = readFileSync(join(SRC, path), 'utf8')
  return { path, text, lines: text.split('\n') }
})
const code = sources.filter(({ path }) => !/\.test\.ts$|test-support|fixture/.test(path))

const moduleOf = (path: string): string | undefined => /^modules\/([a-z-]+)\//.exec(path)?.[1]
/** Imports of a file as paths below src. */
function importsOf({ path, text }: Source): { to: string; line: number }[] {
  return [...text.matchAll(/from '(\.[^']+)'|import\('(\.[^']+)'\)/g)].map((match) => ({
    to: relative(SRC, join(SRC, path, '..', match[1] ?? match[2]!)), line: text.slice(0, match.index).split('\n').length,
  }))
}

describe('the dependency table', () => {
  test('names every module and has no cycle', () => {
    const modules = readdirSync(join(SRC, 'modules'))
    expect(Object.keys(MODULE_GRAPH).sort()).toEqual(modules.sort())
    const order = Object.keys(MODULE_GRAPH)
    for (const [name, uses] of Object.entries(MODULE_GRAPH)) for (const used of uses) expect(order.indexOf(used), `${name} uses ${used}, which stands before it`).toBeLessThan(order.indexOf(name))
  })

  test('is kept: downward only, and through index.ts', () => {
    const broken: string[] = []
    for (const source of code) {
      const from = moduleOf(source.path)
      for (const { to, line } of importsOf(source)) {
        const into = moduleOf(to)
        const where = `${source.path}:${line} imports ${to}`
        if (source.path.startsWith('kernel/') && !to.startsWith('kernel/')) broken.push(`${where}: the kernel imports nothing`)
        if (source.path.startsWith('platform/') && !/^(kernel|platform)\//.test(to)) broken.push(`${where}: the platform imports the kernel only`)
        if (into === undefined || into === from) continue
        if (from !== undefined && !MODULE_GRAPH[from]!.includes(into)) broken.push(`${where}: ${from} may not call ${into}`)
        if (to !== `modules/${into}/index.ts` && !(source.path === 'wiring.ts' && to === `modules/${into}/module.ts`)) broken.push(`${where}: only index.ts is the face of ${into}`)
      }
    }
    expect(broken).toEqual([])
  })
})

describe('tables', () => {
  const owners = new Map(readdirSync(MIGRATIONS).flatMap((file) => [...readFileSync(join(MIGRATIONS, file), 'utf8').matchAll(/comment on table (\w+) is 'owner: (\w+)/g)].map((match) => [match[1]!, match[2]!] as const)))

  test('all have an owner', () => {
    const tables = readdirSync(MIGRATIONS).flatMap((file) => [...readFileSync(join(MIGRATIONS, file), 'utf8').matchAll(/create table (\w+)/g)].map((match) => match[1]!))
    expect(tables.filter((table) => !owners.has(table))).toEqual([])
  })

  test('are written by their owner alone, in its *.db.ts files', () => {
    const broken: string[] = []
    for (const { path, text } of code) {
      for (const match of text.matchAll(/\b(?:insert into|update|delete from) (\w+)\b/g)) {
        const owner = owners.get(match[1]!)
        if (owner === undefined) continue
        const writer = moduleOf(path) ?? (path.startsWith('platform/') ? 'platform' : path)
        const line = text.slice(0, match.index).split('\n').length
        if (writer !== owner) broken.push(`${path}:${line} writes ${match[1]!}, which belongs to ${owner}`)
        else if (owner !== 'platform' && !path.endsWith('.db.ts')) broken.push(`${path}:${line} writes ${match[1]!} outside a *.db.ts file`)
      }
    }
    expect(broken).toEqual([])
  })
})

test('decisions know no clock and no chance', () => {
  // Files that are the edge: SQL, routes, commands, queries, loops, what talks to the outside or makes secrets.
  const edge = /\.db\.ts$|\.routes\.ts$|\/commands\/|\/queries\/|loops?\.ts$|module\.ts$|identity\/(secrets|authenticate)|gateway|online-retail\/(import|records|lines)/
  const broken = code.filter(({ path }) => (path.startsWith('modules/') && !edge.test(path)) || /^kernel\/(?!ids)/.test(path)).flatMap(({ path, lines }) => lines.flatMap((line, index) => (
    /Date\.now\(|new Date\(\)|Math\.random\(/.test(line) && !/^\s*(\/\/|\*)/.test(line) ? [`${path}:${index + 1} ${line.trim().slice(0, 80)}`] : [])))
  expect(broken).toEqual([])
})

test('no command calls the network', () => {
  expect(code.filter(({ path, text }) => path.includes('/commands/') && /\bfetch\(/.test(text)).map(({ path }) => path)).toEqual([])
})

test('files have at most 500 lines and names that say something', () => {
  expect(sources.filter(({ lines }) => lines.length > 500).map(({ path, lines }) => `${path}: ${lines.length}`)).toEqual([])
  expect(sources.filter(({ path }) => /\b(utils?|helpers?|common|manager|misc)\b/.test(path)).map(({ path }) => path)).toEqual([])
})

test('functions have at most 70 lines', () => {
  const long: string[] = []
  for (const { path, lines } of code) {
    lines.forEach((line, start) => {
      if (!/^(export )?(async )?function\*? |^(export )?(async )?function /.test(line) && !/^export const \w+ = (command|batchCommand)\b/.test(line)) return
      const end = lines.findIndex((other, index) => index > start && /^\}|^\)/.test(other))
      if (end - start + 1 > 70) long.push(`${path}:${start + 1} ${end - start + 1} lines`)
    })
  }
  expect(long).toEqual([])
})

test('nothing is exported that nobody imports', () => {
  const everything = [...sources.map(({ text }) => text), ...readdirSync(join(import.meta.dirname), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts')).map((path) => readFileSync(join(import.meta.dirname, path), 'utf8'))].join('\n')
  const dead: string[] = []
  for (const { path, text } of code) {
    if (/(^|\/)(index|module)\.ts$/.test(path)) continue
    for (const match of text.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)) {
      const name = match[1]!
      if (everything.split(new RegExp(`\\b${name}\\b`)).length - 1 < 2) dead.push(`${path}: ${name}`)
    }
  }
  expect(dead).toEqual([])
})

test('every TODO names an issue', () => {
  expect(sources.flatMap(({ path, lines }) => lines.flatMap((line, index) => (/\b(TODO|FIXME|XXX)\b/.test(line) && !/#\d+/.test(line) && !path.includes('tidy') ? [`${path}:${index + 1}`] : [])))).toEqual([])
})
