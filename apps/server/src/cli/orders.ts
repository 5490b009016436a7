import type { Command } from 'commander'
import { inApplication, inApplicationWith, parseJson, readInput, type CliContext } from './context.ts'
import { withQuery } from './in-process-api.ts'
import { faint, shortTime, strong, table } from './output.ts'

type Money = { amount: string; currency: string }
type OrderSummary = { number: string; channel: string; status: string; fulfillment_status: string; open_holds: number; customer_name: string | null; placed_at: string; total: Money; units: number }
type OrderLine = { id: string; sku: string; description: string; quantity: number; units: Record<string, number>; total: Money }
type Order = Omit<OrderSummary, 'customer_name'> & {
  payment_status: string; return_status: string; external_id: string | null; delivery: string; shipping_method: string
  customer: { name: string | null; email: string | null }; lines: OrderLine[]
  holds: { id: string; type: string; note: string; released_at: string | null }[]; allowed_actions: { action: string; allowed: boolean }[]
}
type EventView = { type: string; timestamp: string; caller: string }
type ListOptions = { limit: string; q?: string; status?: string; channel?: string; sort?: string; after?: string }

export function registerOrders(program: Command): void {
  const orders = program.command('orders').description('List, show, place, hold and cancel orders')
  registerReads(orders)
  registerWrites(orders)
}

function registerReads(orders: Command): void {
  orders.command('list')
    .description('List orders, newest first')
    .option('-n, --limit <number>', 'how many (at most 200)', '20')
    .option('-q <text>', 'search number, e-mail, name, phone, SKU, tracking number')
    .option('--status <status>', 'placed, completed or canceled; several comma-separated')
    .option('--channel <code>', 'only orders of this channel')
    .option('--sort <field>', 'placed_at or -placed_at')
    .option('--after <cursor>', 'the `next` of the page before')
    .addHelpText('after', `
Examples:
  npm run switchyard -- orders list --status placed -n 50
  npm run -s switchyard -- orders list -q smith --json`)
    .action(inApplication(async ({ call, out }, { status, channel, ...query }: ListOptions) => {
      const page = await call<{ data: OrderSummary[]; page: { next: string | null } }>('GET', withQuery('/v1/orders', { ...query, 'filter[status]': status, 'filter[channel]': channel }))
      out(page, () => table(page.data, [
        { title: 'order', value: ({ number }) => number },
        { title: 'placed', value: ({ placed_at }) => shortTime(placed_at) },
        { title: 'channel', value: (order) => order.channel },
        { title: 'customer', value: ({ customer_name }) => customer_name },
        { title: 'status', value: (order) => order.status + (order.open_holds > 0 ? ' (held)' : '') },
        { title: 'fulfillment', value: ({ fulfillment_status }) => fulfillment_status },
        { title: 'units', value: ({ units }) => units, align: 'right' },
        { title: 'total', value: ({ total }) => showMoney(total), align: 'right' },
      ], 'No orders.') + (page.page.next === null ? '' : `\n${faint(`More with --after ${page.page.next}`)}`))
    }))

  orders.command('show <order>')
    .description('Show one order by number or id')
    .option('--events', 'with everything that happened to it')
    .addHelpText('after', `
Examples:
  npm run switchyard -- orders show SW-100001 --events
  npm run -s switchyard -- orders show ord_01j9… --json`)
    .action(inApplication(async ({ call, out }, number: string, options: { events?: boolean }) => {
      const path = `/v1/orders/${encodeURIComponent(number)}`
      const order = await call<Order>('GET', path)
      const events = options.events === true ? (await call<{ data: EventView[] }>('GET', `${path}/timeline?limit=500`)).data : undefined
      out(events === undefined ? order : { ...order, events }, () => describe(order, events))
    }))
}

function registerWrites(orders: Command): void {
  orders.command('place <file>')
    .description('Place the order in a JSON file, or on standard input with -')
    .option('-k, --key <text>', 'the Idempotency-Key: repeating the command places nothing twice')
    .addHelpText('after', `
Examples:
  npm run switchyard -- orders place order.json
  echo '{"channel":"web","lines":[{"sku":"MUG-01","quantity":1}]}' | npm run -s switchyard -- orders place - --json`)
    .action(inApplicationWith(
      async (file: string, _options: { key?: string }) => parseJson(await readInput(file), file === '-' ? 'Standard input' : file),
      async (context, body, _file, options) => write(context, '/v1/orders', body, options.key),
    ))

  orders.command('cancel <order>')
    .description('Cancel what has not left yet')
    .requiredOption('-r, --reason <reason>', 'customer, payment_declined, fraud, inventory, staff_error, duplicate, undeliverable, pickup_expired or other')
    .option('--note <text>', 'why, in words')
    .addHelpText('after', '\nExample:\n  npm run switchyard -- orders cancel SW-100001 --reason customer')
    .action(inApplication(async (context, number: string, options: { reason: string; note?: string }) => write(context, `${pathOf(number)}/cancel`, options)))

  orders.command('hold <order>')
    .description('Put an order on hold')
    .requiredOption('-t, --type <type>', 'fraud_risk, bad_address, approval, customer_request, price_check or other')
    .option('--note <text>', 'why, in words')
    .addHelpText('after', '\nExample:\n  npm run switchyard -- orders hold SW-100001 --type bad_address --note "no house number"')
    .action(inApplication(async (context, number: string, options: { type: string; note?: string }) => write(context, `${pathOf(number)}/holds`, options)))

  orders.command('release <order>')
    .description('End the holds of an order')
    .addHelpText('after', '\nExample:\n  npm run switchyard -- orders release SW-100001')
    .action(inApplication(async (context, number: string) => write(context, `${pathOf(number)}/release-holds`, {})))
}

const pathOf = (order: string): string => `/v1/orders/${encodeURIComponent(order)}`

async function write({ call, out }: CliContext, path: string, body: unknown, key?: string): Promise<void> {
  const order = await call<Order>('POST', path, body, key === undefined ? {} : { 'idempotency-key': key })
  out(order, () => describe(order, undefined))
}

function showMoney({ amount, currency }: Money): string {
  return `${amount} ${currency}`
}

function describe(order: Order, events: readonly EventView[] | undefined): string {
  const holds = order.holds.filter(({ released_at }) => released_at === null)
  return [
    `${strong(order.number)}  ${order.channel}${order.external_id === null ? '' : ` ${order.external_id}`}  placed ${shortTime(order.placed_at)}`,
    `${order.status}, payment ${order.payment_status}, fulfillment ${order.fulfillment_status}, returns ${order.return_status}`,
    `${order.customer.name ?? 'No name'}${order.customer.email === null ? '' : ` <${order.customer.email}>`}, ${order.delivery} by ${order.shipping_method}`,
    ...holds.map(({ type, note }) => `On hold: ${type}${note === '' ? '' : ` (${note})`}`),
    '',
    table(order.lines, [
      { title: 'sku', value: ({ sku }) => sku },
      { title: 'description', value: ({ description }) => description },
      { title: 'units', value: ({ quantity }) => quantity, align: 'right' },
      { title: 'where they are', value: ({ units }) => Object.entries(units).filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`).join(', ') },
      { title: 'total', value: ({ total }) => showMoney(total), align: 'right' },
    ], 'No lines.'),
    `Total ${showMoney(order.total)}`,
    ...(events === undefined ? [] : ['', table(events, [
      { title: 'when', value: ({ timestamp }) => timestamp.slice(0, 19).replace('T', ' ') },
      { title: 'what', value: ({ type }) => type },
      { title: 'who', value: ({ caller }) => caller },
    ], 'Nothing has happened yet.')]),
  ].join('\n')
}
