import type { Command } from 'commander'
import { inApplication } from './context.ts'
import { CliFailure, EXIT } from './exit-codes.ts'
import { withQuery } from './in-process-api.ts'
import { shortTime, table } from './output.ts'

type Level = { sku: string; location: string; available: number; reserved: number; allocated: number; damaged: number; on_hand: number; sellable: number; updated_at: string }
type Movement = { at: string; sku: string; location: string; from_state: string | null; to_state: string | null; quantity: number; reason: string }

export function registerStock(program: Command): void {
  const stock = program.command('stock').description('Look at stock, receive it, and open the movements behind it')
  stock.command('list')
    .description('Balances by SKU and location')
    .option('--sku <sku>', 'only this SKU')
    .option('--location <code>', 'only this location')
    .option('-n, --limit <number>', 'how many (at most 200)', '50')
    .addHelpText('after', '\nExamples:\n  npm run switchyard -- stock list --sku MUG-BLUE\n  npm run -s switchyard -- stock list --location leeds-dc --json')
    .action(inApplication(async ({ call, out }, { sku, location, limit }: { sku?: string; location?: string; limit: string }) => {
      const page = await call<{ data: Level[] }>('GET', withQuery('/v1/stock-levels', { limit, 'filter[sku]': sku, 'filter[location]': location }))
      out(page, () => table(page.data, [
        { title: 'sku', value: (level) => level.sku }, { title: 'location', value: (level) => level.location },
        ...(['available', 'reserved', 'allocated', 'damaged', 'on_hand', 'sellable'] as const).map((state) => ({ title: state, value: (level: Level) => level[state], align: 'right' as const })),
      ], 'No stock.'))
    }))

  stock.command('movements <sku>')
    .description('What moved the units of a SKU, newest first')
    .option('--location <code>', 'only at this location')
    .option('-n, --limit <number>', 'how many (at most 200)', '50')
    .addHelpText('after', '\nExample:\n  npm run switchyard -- stock movements MUG-BLUE')
    .action(inApplication(async ({ call, out }, sku: string, { location, limit }: { location?: string; limit: string }) => {
      const page = await call<{ data: Movement[] }>('GET', withQuery('/v1/stock-movements', { 'filter[sku]': sku, 'filter[location]': location, limit }))
      out(page, () => table(page.data, [
        { title: 'when', value: ({ at }) => shortTime(at) }, { title: 'location', value: (move) => move.location }, { title: 'from', value: ({ from_state }) => from_state ?? 'outside' }, { title: 'to', value: ({ to_state }) => to_state ?? 'outside' },
        { title: 'units', value: ({ quantity }) => quantity, align: 'right' }, { title: 'reason', value: ({ reason }) => reason },
      ], 'Nothing has moved.'))
    }))

  stock.command('receive <location> <sku> <quantity>')
    .description('Book goods that came in')
    .option('--reference <text>', 'the delivery note')
    .addHelpText('after', '\nExample:\n  npm run switchyard -- stock receive leeds-dc MUG-BLUE 48 --reference "DN 1207"')
    .action(inApplication(async ({ call, out }, location: string, sku: string, text: string, options: { reference?: string }) => {
      const quantity = Number(text)
      if (!Number.isInteger(quantity) || quantity < 1) throw new CliFailure(EXIT.usage, `${text} is no number of units: use a whole number above 0.`)
      const changed = await call<{ id: string }>('POST', '/v1/stock/receipts', { location, lines: [{ sku, quantity }], ...options })
      out(changed, () => `Received ${quantity} × ${sku} at ${location}.`)
    }))
}
