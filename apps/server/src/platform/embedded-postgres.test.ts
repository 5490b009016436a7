import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findRunningPostgres, openEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts'

// A killed process loses nothing that it handed to the kernel, so these tests need no fsync.
const settings = { fsync: 'off', shared_buffers: '16MB' }

let folder: string
let home: string
let open: { stop: () => Promise<void> }[]
let children: ChildProcess[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-postgres-'))
  // mkdtemp closes the folder to all others; most homes lie in open ones.
  await chmod(folder, 0o755)
  home = join(folder, 'home')
  open = []
  children = []
})

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const database of open) await database.stop()
  // A test that failed may have left its database to no one.
  const left = await findRunningPostgres(home)
  if (left) process.kill(left.pid, 'SIGQUIT')
  await rm(folder, { recursive: true, force: true, maxRetries: 20 })
})

async function openHome(): Promise<EmbeddedPostgres> {
  const database = await openEmbeddedPostgres({ home, settings })
  open.push(database)
  return database
}

async function ask<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

/** Another process that opens the home, prints what it got and stays; a line on its input stops it in order. */
function spawnOpener(): ChildProcess {
  const program = `
    import { openEmbeddedPostgres } from ${JSON.stringify(new URL('embedded-postgres.ts', import.meta.url).href)}
    const database = await openEmbeddedPostgres(${JSON.stringify({ home, settings })})
    console.log(JSON.stringify({ port: database.port, adopted: database.adopted, url: database.url() }))
    process.stdin.once('data', async () => { await database.stop(); process.exit() })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
  children.push(child)
  return child
}

async function firstLine(child: ChildProcess): Promise<{ port: number; adopted: boolean; url: string }> {
  if (!child.stdout) throw new Error('the child has an output')
  const [line] = await once(createInterface(child.stdout), 'line')
  return JSON.parse(String(line))
}

/** Kills the process and all that would get its terminal's Ctrl-C; the database is not among them. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.pid) process.kill(-child.pid, 'SIGKILL')
  await once(child, 'exit')
}

async function lockedPid(): Promise<number> {
  return Number((await readFile(join(home, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0])
}

test('opens a durable database that only this machine and the password reach', async () => {
  const database = await openEmbeddedPostgres({ home })
  open.push(database)
  const rows = await ask<{ name: string; setting: string }>(
    database.url(),
    `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums',
      'listen_addresses', 'unix_socket_directories', 'server_encoding', 'shared_preload_libraries')
     union all select 'collation', datlocprovider::text || datlocale from pg_database where datname = 'switchyard' order by 1`,
  )
  expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
    collation: 'bC.UTF-8',
    data_checksums: 'on',
    fsync: 'on',
    full_page_writes: 'on',
    listen_addresses: '127.0.0.1',
    server_encoding: 'UTF8',
    shared_preload_libraries: 'pg_stat_statements',
    synchronous_commit: 'on',
    unix_socket_directories: '',
  })
  await expect(ask(database.url().replace(/:\w+@/, ':guess@'), 'select 1')).rejects.toThrow('password authentication failed')
  expect((await stat(join(home, 'postgres-password'))).mode & 0o777).toBe(0o600)
  expect(await findRunningPostgres(home)).toEqual({ url: database.url(), port: database.port, pid: await lockedPid() })

  await database.stop()
  expect(await findRunningPostgres(home)).toBeUndefined()
  await expect(ask(database.url(), 'select 1')).rejects.toThrow('ECONNREFUSED')
})

test('a database left by a killed process is adopted, and started again when it is killed itself', async () => {
  const opener = spawnOpener()
  const { url, port } = await firstLine(opener)
  await ask(url, 'create table parcel (id int); insert into parcel values (7)')
  await kill(opener)

  const database = await openHome()
  expect(database).toMatchObject({ adopted: true, port })
  expect(await ask(database.url(), 'select id from parcel')).toEqual([{ id: 7 }])

  process.kill(await lockedPid(), 'SIGKILL')
  await expect.poll(() => ask(database.url(), 'select id from parcel').catch(() => 'away'), { timeout: 10_000 }).toEqual([{ id: 7 }])
  expect(database.port).toBe(port)
})

test('the lock file of a killed database does not pass for a running one', async () => {
  const opener = spawnOpener()
  const { url } = await firstLine(opener)
  await ask(url, 'create table parcel (id int); insert into parcel values (7)')
  const killed = await lockedPid()
  await kill(opener)
  process.kill(killed, 'SIGKILL')
  await expect.poll(() => ask(url, 'select 1').catch(() => 'away')).toBe('away')
  expect(await lockedPid()).toBe(killed)
  await writeFile(join(home, 'postgres.log'), Buffer.alloc(11 * 1024 * 1024, '\n'))

  const database = await openHome()
  expect(database.adopted).toBe(false)
  expect(await ask(database.url(), 'select id from parcel')).toEqual([{ id: 7 }])
  expect((await stat(join(home, 'postgres.log'))).size).toBeLessThan(100_000)
  expect(existsSync(join(home, 'postgres.log.1'))).toBe(true)
})

test('a lock file that names another program of ours is left over from before a restart', async () => {
  await (await openHome()).stop()
  const data = await realpath(join(home, 'postgres'))
  const { uid, gid } = await stat(data)
  const other = spawn('sleep', ['60'], process.getuid?.() === 0 ? { uid, gid } : {})
  children.push(other)
  await once(other, 'spawn')
  await writeFile(join(data, 'postmaster.pid'), `${other.pid}\n${data}\n1700000000\n1\n\n127.0.0.1\n  1 1\nready   \n`, { mode: 0o644 })

  expect((await openHome()).adopted).toBe(false)
  expect(other.exitCode).toBeNull()
}, 10_000)

test('two processes that open a new home at once share one database, and the last to stop ends it', async () => {
  const openers = [spawnOpener(), spawnOpener()]
  const got = await Promise.all(openers.map(firstLine))
  expect(got.filter(({ adopted }) => adopted)).toHaveLength(1)
  expect(got[0]?.url).toBe(got[1]?.url)

  for (const [index, opener] of openers.entries()) {
    opener.stdin?.write('stop\n')
    await once(opener, 'exit')
    expect((await findRunningPostgres(home)) !== undefined).toBe(index === 0)
  }
  expect((await readdir(home)).filter((name) => name.startsWith('postgres-new-'))).toEqual([])
})

test('a first start that was killed is done anew', async () => {
  const opener = spawnOpener()
  const unfinished = async () => {
    const stages = (await readdir(home).catch(() => [])).filter((name) => name.startsWith('postgres-new-'))
    return stages.some((name) => existsSync(join(home, name, 'data', 'PG_VERSION')))
  }
  while (!(await unfinished())) await delay(1)
  await kill(opener)
  expect(existsSync(join(home, 'postgres'))).toBe(false)

  const database = await openHome()
  expect(database.adopted).toBe(false)
  expect(await ask(database.url(), 'select 1 as answer')).toEqual([{ answer: 1 }])
  expect((await readdir(home)).filter((name) => name.startsWith('postgres-new-'))).toEqual([])
})

test('a folder that is no database is neither used nor touched', async () => {
  await mkdir(join(home, 'postgres'), { recursive: true })
  await writeFile(join(home, 'postgres', 'letter.txt'), 'dear')
  await expect(openHome()).rejects.toThrow('is not empty and holds no PostgreSQL database')
  expect(await readdir(join(home, 'postgres'))).toEqual(['letter.txt'])
})

test.skipIf(process.getuid?.() !== 0)('as root, a home in a closed folder keeps its data where PostgreSQL may go', async () => {
  await chmod(folder, 0o700)
  const database = await openHome()
  await ask(database.url(), 'create table parcel (id int)')
  await database.stop()
  const place = await realpath(join(home, 'postgres'))
  expect(place).toMatch(/^\/var\/lib\/switchyard\/[0-9a-f]{12}-[0-9a-f]{8}$/)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)

  const again = await openHome()
  expect(await ask(again.url(), 'select id from parcel')).toEqual([])
  await again.stop()
  await rm(place, { recursive: true })
})
