import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MODULE_GRAPH } from '../src/module-graph.ts'
import { readSources, SRC, type Source } from './harness/source.ts'

const MIGRATIONS = join(import.meta.dirname, '../migrations')

const sources = readSources()
const byPath = new Map(sources.map((source) => [source.path, source]))
const code = sources.filter(({ path }) => !/\.test\.ts$|test-support|fixture/.test(path))

const moduleOf = (path: string): string | undefined => /^modules\/([a-z-]+)\//.exec(path)?.[1]

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
      for (const { to, line } of source.imports) {
        const into = moduleOf(to)
        const where = `${source.path}:${line} imports ${to}`
        if (source.path.startsWith('kernel/') && !to.startsWith('kernel/')) broken.push(`${where}: the kernel imports nothing`)
        if (source.path.startsWith('platform/') && !/^(kernel|platform)\//.test(to)) broken.push(`${where}: the platform imports the kernel only`)
        if (from !== undefined && !/^(kernel|platform|modules)\//.test(to)) broken.push(`${where}: modules know nothing of what joins them`)
        if (into === undefined || into === from) continue
        if (from !== undefined && !MODULE_GRAPH[from]!.includes(into)) broken.push(`${where}: ${from} may not call ${into}`)
        if (to !== `modules/${into}/index.ts` && !(source.path === 'wiring.ts' && to === `modules/${into}/module.ts`)) broken.push(`${where}: only index.ts is the face of ${into}`)
      }
    }
    expect(broken).toEqual([])
  })
})

test('files do not need each other in a circle', () => {
  const circles: string[] = []
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '))
    if (done.has(path)) return
    done.add(path)
    for (const { to, types_only } of byPath.get(path)?.imports ?? []) if (!types_only) visit(to, [...way, path])
  }
  for (const { path } of sources) visit(path, [])
  expect(circles).toEqual([])
})

/**
 * Tables that a module reads although it may not call their owner, and why. A table that a statement names by a variable
 * counts too. The list only shrinks.
 */
const READ_UPWARD: Readonly<Record<string, string>> = {
  'customers reads channels': 'who is confined to channels sees the customers whose sources are their codes',
  'customers reads orders': 'who is confined sees the customers of the orders that they see',
  'identity reads ${table}': 'roles and keys name channels and locations by code',
  'inventory reads api_keys': 'movements name the key that made them',
  'inventory reads order_lines': 'units that are backordered are not for sale',
  'inventory reads users': 'movements name the person who made them',
  'payments reads orders': 'an order says what is owed, in which currency and channel',
  'platform reads allocations': 'an order exists at the locations that have to do with it, for every module alike',
  'platform reads fulfillment_orders': 'an order exists at the locations that have to do with it, for every module alike',
  'platform reads orders': 'the row of an order is the lock of its stream of events, and says where it is picked up',
  'platform reads returns': 'an order exists at the locations that have to do with it, for every module alike',
  'shipping reads order_lines': 'slips and boxes name the articles',
  'shipping reads orders': 'labels and slips name the order; who is confined to channels sees their shipments',
  'sourcing reads fulfillment_orders': 'locations that gave units back are not asked for them again',
  'sourcing reads fulfillment_rejections': 'locations that gave units back are not asked for them again',
}

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
    for (const { path, calls } of code) {
      for (const { texts, line } of calls.filter(({ callee }) => callee === 'applyPatch')) {
        const owner = owners.get(texts[1] ?? '')
        if (owner === undefined || owner !== moduleOf(path)) broken.push(`${path}:${line} edits ${texts[1] ?? 'a table it does not name'}, which belongs to ${owner ?? 'nobody known'}`)
      }
    }
    expect(broken).toEqual([])
  })

  test('are read downward, with exceptions that have reasons', () => {
    const read = code.flatMap(({ path, text }) => {
      const reader = moduleOf(path) ?? (path.startsWith('platform/') ? 'platform' : undefined)
      // What joins the modules may look anywhere.
      if (reader === undefined) return []
      const statements = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '')
      return [...statements.matchAll(/\b(?:from|join|using)\s+(\w+|\$\{sql\.raw\((\w+)\)\})/g)].flatMap(([, named, variable]) => {
        const owner = owners.get(named!)
        const isAllowed = variable === undefined && (owner === undefined || owner === reader || owner === 'platform' || MODULE_GRAPH[reader]?.includes(owner) === true)
        return isAllowed ? [] : [`${reader} reads ${variable === undefined ? named! : `\${${variable}}`}`]
      })
    })
    // Both ways: what is no longer read leaves the list.
    expect([...new Set(read)].toSorted()).toEqual(Object.keys(READ_UPWARD).toSorted())
  })
})

test('decisions know no clock and no chance', () => {
  // Files that are the edge: SQL, routes, commands, queries, loops, what talks to the outside or makes secrets (pickup codes: verbs).
  const edge = /\.db\.ts$|\.routes\.ts$|\/commands\/|\/queries\/|loops?\.ts$|module\.ts$|identity\/(secrets|authenticate)|fulfillment\/verbs|gateway|online-retail\/(import|records|lines)/
  const chance = new Set(['Date.now', 'performance.now', 'Math.random', 'randomBytes', 'randomUUID', 'randomInt', 'crypto.randomUUID', 'crypto.getRandomValues'])
  const broken = code.filter(({ path }) => (path.startsWith('modules/') && !edge.test(path)) || /^kernel\/(?!ids)/.test(path)).flatMap(({ path, calls }) => calls
    .filter((call) => chance.has(call.callee) || (call.callee === 'new Date' && call.arguments === 0))
    .map(({ callee, line }) => `${path}:${line} ${callee}`))
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
  expect(code.flatMap(({ path, functions }) => functions.filter(({ lines }) => lines > 70).map(({ name, line, lines }) => `${path}:${line} ${name} has ${lines}`))).toEqual([])
})

/** What only tests are meant to use. */
const FOR_TESTS = ['module-graph.ts MODULE_GRAPH', 'kernel/machine.ts unreachableStates', 'platform/clock.ts manualClock']

/** Written and tested ahead of its caller. Each gets one or goes; the list only shrinks. */
const NO_CALLER_YET = [
  'modules/payments/ledger.ts paymentStatus',
  'modules/shipping/fonts.ts standardFonts',
  'modules/shipping/rates.ts quoteAllRates',
  'modules/shipping/sscc.ts isSscc',
  'modules/shipping/sscc.ts makeSscc',
  'modules/shipping/tracking.ts parseTrackingNumber',
  'modules/sourcing/stock-view.ts snapshotStock',
  'modules/sourcing/strategy-schema.ts StrategySchema',
  'platform/embedded-postgres.ts findRunningPostgres',
]

const isFace = (path: string): boolean => /^modules\/[a-z-]+\/index\.ts$/.test(path)

/** What these files import, as `path name`. A face is not a user of what it hands on: whoever imports that from it is. */
function namesUsedBy(users: readonly Source[]): Set<string> {
  const used = new Set<string>()
  const use = (to: string, name: string): void => {
    used.add(`${to} ${name}`)
    const handedOn = byPath.get(to)?.reexports.find((one) => one.name === name)
    if (handedOn !== undefined) use(handedOn.to, handedOn.original)
  }
  for (const { path, imports, reexports } of users) {
    for (const { to, names } of imports) {
      const target = byPath.get(to)
      const all = names === 'all' ? [...(target?.exports ?? []), ...(target?.reexports ?? [])].map(({ name }) => name) : names
      for (const name of all) if (!isFace(path) || !reexports.some((one) => one.to === to && one.original === name)) use(to, name)
    }
  }
  return used
}

test('nothing is exported that no program uses', () => {
  const used = namesUsedBy(code)
  const dead = code.flatMap(({ path, exports }) => exports.filter(({ name, is_value, mentions }) => is_value && mentions === 0 && !used.has(`${path} ${name}`)).map(({ name }) => `${path} ${name}`))
  // Both ways: what has found its caller leaves the lists.
  expect(dead.toSorted()).toEqual([...FOR_TESTS, ...NO_CALLER_YET].toSorted())
})

test('a face shows nothing that nobody outside its module uses', () => {
  const harness = readSources(join(import.meta.dirname, 'harness'))
  const idle = code.filter(({ path }) => isFace(path)).flatMap((face) => {
    const used = namesUsedBy([...code.filter(({ path }) => moduleOf(path) !== moduleOf(face.path)), ...harness])
    return [...face.reexports, ...face.exports].filter(({ name }) => !used.has(`${face.path} ${name}`)).map(({ name }) => `${face.path} ${name}`)
  })
  expect(idle).toEqual([])
})

test('every TODO names an issue', () => {
  expect(sources.flatMap(({ path, lines }) => lines.flatMap((line, index) => (/\b(TODO|FIXME|XXX)\b/.test(line) && !/#\d+/.test(line) && !path.includes('tidy') ? [`${path}:${index + 1}`] : [])))).toEqual([])
})
