import { audit } from '../../src/audit.ts'
import { ids } from '../../src/kernel/id-kinds.ts'
import type { Database } from '../../src/platform/db.ts'
import { arrayOf, sql } from '../../src/platform/sql.ts'
import type { Client, Settled } from './client.ts'

const REPEATED = 200

/**
 * Everything that was acknowledged is there exactly once, nothing that was refused is there, and the auditor is silent.
 * Answers what is wrong, in words.
 */
export async function verify(db: Database, client: Client, random: () => number): Promise<string[]> {
  const report = await audit(db)
  return [
    ...report.checks.filter(({ rows }) => rows > 0).map(({ name, rows }) => `auditor: ${name}: ${rows}`),
    ...await orders(db, client.settled), ...await reservations(db, client.settled), ...await money(db, client.settled), ...await shipments(db, client.settled), ...await stock(db, client.settled),
    ...await repeats(client, random),
  ]
}

const made = (settled: readonly Settled[], path: RegExp): Settled[] => settled.filter((one) => path.test(one.path) && one.status < 300)

async function orders(db: Database, settled: readonly Settled[]): Promise<string[]> {
  const sent = settled.filter(({ path }) => path === '/v1/orders')
  const rows = await db.rows<{ id: string; external_id: string }>(sql`select id, external_id from orders`)
  const stored = new Map(rows.map(({ id, external_id }) => [external_id, ids.order.show(id)]))
  const wrong = rows.length === stored.size ? [] : [`${rows.length - stored.size} orders share their external id`]
  for (const { status, body, input } of sent) {
    const { external_id } = input as { external_id: string }
    if (status === 201 && stored.get(external_id) !== body.id) wrong.push(`order ${external_id}: acknowledged ${body.id}, stored ${stored.get(external_id) ?? 'nothing'}`)
    if (status !== 201 && stored.has(external_id)) wrong.push(`order ${external_id}: refused with ${body.code}, and yet stored`)
  }
  if (rows.length !== sent.filter(({ status }) => status === 201).length) wrong.push(`${rows.length} orders stored, ${sent.filter(({ status }) => status === 201).length} acknowledged`)
  return wrong
}

async function reservations(db: Database, settled: readonly Settled[]): Promise<string[]> {
  const acknowledged = made(settled, /^\/v1\/reservations$/).map(({ body }) => body.id!)
  const { count } = await db.one<{ count: number }>(sql`select count(*)::int as count from reservations`)
  const wrong = count === acknowledged.length ? [] : [`${count} reservations stored, ${acknowledged.length} acknowledged`]
  const released = made(settled, /\/release$/).filter(({ path }) => path.startsWith('/v1/reservations')).map(({ body }) => ids.reservation.parse(body.id!)!)
  const other = await db.rows<{ id: string; status: string }>(sql`select id, status from reservations where id = any(${arrayOf(released, 'uuid')}) and status <> 'released'`)
  for (const { id, status } of other) wrong.push(`reservation ${ids.reservation.show(id)}: released by word, ${status} in truth`)
  const { late } = await db.one<{ late: number }>(sql`select count(*)::int as late from reservations where status = 'active' and expires_at < now() - interval '60 seconds'`)
  if (late > 0) wrong.push(`${late} reservations outlive their time by a minute`)
  return wrong
}

/** Each goodwill refund that was acknowledged is one refund of a pound. */
async function money(db: Database, settled: readonly Settled[]): Promise<string[]> {
  const wanted = new Map<string, number>()
  for (const { path } of made(settled, /\/refunds$/)) wanted.set(path.split('/')[3]!, (wanted.get(path.split('/')[3]!) ?? 0) + 1)
  const rows = await db.rows<{ order_id: string; count: number }>(sql`
    select p.order_id, count(*)::int as count from payment_entries e join payments p on p.id = e.payment_id where e.kind = 'refund' and e.reason = 'goodwill' group by p.order_id`)
  const stored = new Map(rows.map(({ order_id, count }) => [ids.order.show(order_id), count]))
  return [...new Set([...wanted.keys(), ...stored.keys()])].flatMap((order) => (wanted.get(order) === stored.get(order) ? [] : [`${order}: ${wanted.get(order) ?? 0} refunds acknowledged, ${stored.get(order) ?? 0} stored`]))
}

/** Each work that was acknowledged as shipped has left once. */
async function shipments(db: Database, settled: readonly Settled[]): Promise<string[]> {
  const shipped = made(settled, /\/ship$/).map(({ path }) => ids.fulfillment_order.parse(path.split('/')[3]!)!)
  const rows = await db.rows<{ id: string; count: number }>(sql`
    select f.id, count(s.id) filter (where s.shipped_at is not null)::int as count from fulfillment_orders f left join shipments s on s.fulfillment_order_id = f.id
    where f.id = any(${arrayOf(shipped, 'uuid')}) group by f.id`)
  const wrong = rows.filter(({ count }) => count !== 1).map(({ id, count }) => `${ids.fulfillment_order.show(id)} was acknowledged as shipped once and left ${count} times`)
  return rows.length === new Set(shipped).size ? wrong : [...wrong, `${shipped.length - rows.length} shipped fulfillment orders are missing`]
}

/** Units that came in by receipts are those that were acknowledged. */
async function stock(db: Database, settled: readonly Settled[]): Promise<string[]> {
  const acknowledged = made(settled, /^\/v1\/stock\/receipts$/).flatMap(({ input }) => (input as { lines: { quantity: number }[] }).lines).reduce((sum, { quantity }) => sum + quantity, 0)
  const { units } = await db.one<{ units: number }>(sql`select coalesce(sum(quantity), 0)::int as units from stock_movements where from_state is null and cause_kind = 'receipt'`)
  return units === acknowledged ? [] : [`${units} units received, ${acknowledged} acknowledged`]
}

/** Calls sent once more answer as they did at first. */
async function repeats(client: Client, random: () => number): Promise<string[]> {
  const wrong: string[] = []
  const decided = client.settled.filter(({ body }) => body.code !== 'invalid_input')
  for (let i = 0; i < Math.min(REPEATED, decided.length); i++) {
    const first = decided[Math.floor(random() * decided.length)]!
    const again = await client.repeat(first)
    // A thing that has moved on since is shown as it is now.
    if (again.status !== first.status || !again.replayed || again.body.id !== first.body.id || again.body.code !== first.body.code) {
      wrong.push(`${first.path} ${first.key}: first ${first.status} ${first.body.id ?? first.body.code}, then ${again.status} ${again.body.id ?? again.body.code}${again.replayed ? '' : ', not replayed'}`)
    }
  }
  return wrong
}
