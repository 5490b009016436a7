import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProgram } from '../src/cli/program.ts'
import { isAlive } from '../src/platform/embedded-postgres-lock.ts'
import { cloneDatabase } from './harness/database.ts'

const CLI = join(import.meta.dirname, '../src/cli.ts')
/** The one that scripts/run.js uses: compiled once, not once per command. */
const COMPILE_CACHE = join(import.meta.dirname, '../../../.tmp/compile-cache')

type Ended = { code: number | null; out: string; err: string }

function launch(args: readonly string[], env: Record<string, string>): ChildProcess {
  const { DATABASE_URL: _url, SWITCHYARD_ADMIN_KEY: _key, SWITCHYARD_SUPERVISED: _supervised, ...rest } = process.env
  return spawn(process.execPath, [CLI, ...args], { env: { ...rest, PORT: '0', SWITCHYARD_DEMO: '0', NO_COLOR: '1', NODE_COMPILE_CACHE: COMPILE_CACHE, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
}

async function run(args: readonly string[], env: Record<string, string>, input = ''): Promise<Ended> {
  const child = launch(args, env)
  child.stdin!.end(input)
  const [out, err, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'exit') as Promise<[number | null]>])
  return { code, out, err }
}

/** Starts a server and waits for its word that it is ready. */
async function start(home: string): Promise<{ child: ChildProcess; url: string; out: string; ended: Promise<[number | null, string | null]> }> {
  const child = launch(['start'], { SWITCHYARD_HOME: home })
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>
  let out = ''
  let err = ''
  child.stderr!.on('data', (chunk) => { err += String(chunk) })
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout!.on('data', (chunk) => {
      out += String(chunk)
      const match = /^ready (\S+)$/m.exec(out)
      if (match !== null) resolve(match[1]!)
    })
    void ended.then(([code]) => reject(new Error(`the server ended with ${code}: ${err}`)))
  })
  return { child, url: await ready, out, ended }
}

async function postmasterOf(home: string): Promise<number> {
  return Number((await readFile(join(home, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0])
}

describe('a server on a home of its own', () => {
  let home: string
  let server: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'switchyard-cli-'))
    server = await start(home)
  })
  afterAll(async () => {
    server.child.kill('SIGTERM')
    await server.ended
    await rm(home, { recursive: true, force: true })
  })

  test('prints one login on its first run, and it works', async () => {
    const [, email, password] = /(\S+@\S+)\s+(\S+)\s+Administrator/.exec(server.out)!
    const answer = await fetch(`${server.url}/v1/sessions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email, password }) })
    expect(answer.status).toBe(201)
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200)
  })

  test('a second one is refused and told who runs', async () => {
    const second = await run(['start'], { SWITCHYARD_HOME: home })
    expect([second.code, second.out]).toEqual([4, ''])
    expect(second.err).toContain(`Process ${server.child.pid} serves ${server.url}`)
  })

  test('a port that another program has is named before anything is prepared', async () => {
    const other = join(home, 'other')
    const busy = await run(['start'], { SWITCHYARD_HOME: other, PORT: new URL(server.url).port })
    expect([busy.code, existsSync(join(other, 'postgres'))]).toEqual([1, false])
    expect(busy.err).toContain('is taken by another program')
  })

  test('commands work beside it, with nothing but their document on stdout', async () => {
    const audited = await run(['audit', '--json'], { SWITCHYARD_HOME: home })
    expect(audited.code).toBe(0)
    expect(JSON.parse(audited.out)).toMatchObject({ ok: true })
    const made = await run(['keys', 'create', 'shop', '--permission', 'events:read', '--json'], { SWITCHYARD_HOME: home })
    const { key } = JSON.parse(made.out) as { key: string }
    expect((await fetch(`${server.url}/v1/events`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(200)
    expect((await fetch(`${server.url}/v1/users`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(403)
  })

  test('kill -9 loses nothing: the next start takes up the running database', async () => {
    const database = await postmasterOf(home)
    server.child.kill('SIGKILL')
    await server.ended
    expect(isAlive(database)).toBe(true)
    server = await start(home)
    expect(server.out).not.toContain('Sign in as')
    expect(await postmasterOf(home)).toBe(database)
    const keys = await run(['keys', 'list', '--json'], { SWITCHYARD_HOME: home })
    expect((JSON.parse(keys.out) as { data: unknown[] }).data).toHaveLength(1)
  })

  test('SIGTERM ends it with 0 although somebody follows the events, and the database with it', async () => {
    const { key } = JSON.parse((await run(['keys', 'create', 'follower', '--permission', 'events:read', '--json'], { SWITCHYARD_HOME: home })).out) as { key: string }
    const stream = await fetch(`${server.url}/v1/events/stream`, { headers: { authorization: `Bearer ${key}` } })
    expect(stream.status).toBe(200)
    const followed = stream.text()
    const database = await postmasterOf(home)
    const askedMs = performance.now()
    server.child.kill('SIGTERM')
    expect(await server.ended).toEqual([0, null])
    // Far below the 10 s after which connections are cut.
    expect(performance.now() - askedMs).toBeLessThan(8_000)
    await followed
    expect([isAlive(database), existsSync(join(home, 'server.json'))]).toEqual([false, false])
  })

  test('a command without a server starts the database for itself and stops it', async () => {
    const made = await run(['api', 'POST', '/v1/roles', '--data', '{}'], { SWITCHYARD_HOME: home })
    expect([made.code, made.out]).toEqual([1, ''])
    const listed = await run(['api', 'GET', '/v1/events?limit=1000', '--json'], { SWITCHYARD_HOME: home })
    const { data } = JSON.parse(listed.out) as { data: { type: string; position: string | null }[] }
    expect(data.map(({ type }) => type)).toContain('api_key.created')
    expect(existsSync(join(home, 'postgres/postmaster.pid'))).toBe(false)
  })
})

describe('a database of one\'s own', () => {
  let database: Awaited<ReturnType<typeof cloneDatabase>>
  let env: Record<string, string>
  const inDatabase = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }
  beforeAll(async () => {
    database = await cloneDatabase()
    env = { DATABASE_URL: database.url, SWITCHYARD_HOME: join(tmpdir(), `switchyard-cli-unused-${process.pid}`) }
  })
  afterAll(() => database.drop())

  test('the audit names rows that break an identity and ends with 3', async () => {
    await inDatabase(`insert into idempotency_keys values (gen_random_uuid(), 'half-done', 'test', '', '{}', now())`)
    const audited = await run(['audit', '--json'], env)
    expect(audited.code).toBe(3)
    expect(JSON.parse(audited.out)).toMatchObject({ ok: false, checks: expect.arrayContaining([expect.objectContaining({ rows: 1, examples: [expect.objectContaining({ key: 'half-done' })] })]) })
    await inDatabase(`delete from idempotency_keys where key = 'half-done'`)
  })

  test('a refusal is a sentence with its remedy, and a document with --json', async () => {
    const refused = await run(['orders', 'show', 'SW-1', '--json'], env)
    expect([refused.code, refused.err]).toEqual([1, 'switchyard: There is no order SW-1.\n'])
    expect(JSON.parse(refused.out)).toMatchObject({ code: 'not_found' })
    const invalid = await run(['orders', 'place', '-'], env, '{"lines":[]}')
    expect(invalid.code).toBe(1)
    expect(invalid.err).toContain('/channel  `channel` is missing. (required)')
  })

  test.each([
    [['import', 'online-retail', '/nowhere.csv', '--json'], {}, { type: '/problems/import_file_missing', title: 'The file to import cannot be opened', status: 404, code: 'import_file_missing' }],
    [['migrate', '--json'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, { type: '/problems/failed', title: 'The command failed', status: 500, code: 'failed' }],
  ])('%j is refused with all that a problem has', async (args, other, problem) => {
    const refused = await run(args, { ...env, ...other })
    expect([refused.code, JSON.parse(refused.out)]).toEqual([1, expect.objectContaining({ ...problem, detail: expect.any(String) })])
  })

  test('an outdated schema is refused until it is migrated', async () => {
    await inDatabase(`delete from schema_migrations where name = (select max(name) from schema_migrations)`)
    const refused = await run(['orders', 'list'], env)
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('npm run switchyard -- migrate')
    expect(refused.err).not.toContain('    at ')
  })

  test.each([
    ['postgres://nobody@127.0.0.1:1/none', 'nothing listens there'],
    ['mysql://somewhere', 'no address of a PostgreSQL database'],
  ])('%s is explained', async (url, words) => {
    const failed = await run(['migrate'], { ...env, DATABASE_URL: url })
    expect(failed.code).toBe(1)
    expect(failed.err).toContain(words)
  })
})

describe('a wrong command line', () => {
  test.each([
    [['ordrs'], 'Did you mean orders?'],
    [['audit', '--jsn'], 'Did you mean --json?'],
    [['orders', 'cancel', 'SW-1'], '--reason'],
    [['api', 'FETCH', '/v1/orders'], 'no method "FETCH"'],
    [['orders', 'place', '-'], 'not valid JSON'],
  ])('%j ends with 2 and a hint', async (args, hint) => {
    const ended = await run(args, { DATABASE_URL: 'postgres://unused@127.0.0.1:1/none', SWITCHYARD_HOME: join(tmpdir(), `switchyard-cli-unused-${process.pid}`) })
    expect([ended.code, ended.out]).toEqual([2, ''])
    expect(ended.err).toContain(hint)
  })

  test('every command has help with examples', () => {
    const bare: string[] = []
    const visit = (command: Command, name: string): void => {
      let help = ''
      command.configureOutput({ writeOut: (part) => { help += part } }).outputHelp()
      if (command.commands.length === 0 && !/Examples?:\n/.test(help)) bare.push(name)
      for (const child of command.commands) visit(child, `${name} ${child.name()}`)
    }
    visit(createProgram(), 'switchyard')
    expect(bare).toEqual([])
  })
})
