import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'csv-stringify'
import type { Command } from 'commander'
import { inApplication, pathOf, type CliContext } from './context.ts'
import { CliFailure, EXIT } from './exit-codes.ts'
import { withQuery } from './in-process-api.ts'

/** What can be exported: the list it comes from. Columns are the fields of the API, nested ones joined by a dot. */
const EXPORTS: Readonly<Record<string, string>> = {
  orders: '/v1/orders', stock: '/v1/stock-levels', variants: '/v1/variants', customers: '/v1/customers', shipments: '/v1/shipments', returns: '/v1/returns',
}

export function registerExport(program: Command): void {
  program.command('export <what> [file]')
    .description(`Write ${Object.keys(EXPORTS).join(', ')} or postal-areas as CSV; standard output without a file`)
    .option('--country <code>', 'whose postal-areas: ISO 3166 code, such as GB')
    .addHelpText('after', `
UTF-8 with a header. Cells that a spreadsheet would run as a formula begin with an apostrophe.

Examples:
  npm run switchyard -- export orders orders.csv
  npm run -s switchyard -- export stock > stock.csv`)
    .action(inApplication(async (context, what: string, file: string | undefined, { country }: { country?: string }) => {
      const url = EXPORTS[what]
      if (what === 'postal-areas') return exportPostalAreas(context, country, file)
      if (url === undefined) throw new CliFailure(EXIT.usage, `There is no export "${what}": use ${Object.keys(EXPORTS).join(', ')} or postal-areas.`)
      const target = file === undefined ? process.stdout : createWriteStream(pathOf(file))
      let rows = 0
      const counted = async function* (): AsyncGenerator<Record<string, unknown>> {
        for await (const row of readAll(context, url)) {
          rows += 1
          yield row
        }
      }
      await pipeline(counted(), stringify({ header: true, escape_formulas: true, cast: { boolean: String } }), target, { end: file !== undefined })
      context.progress.line(`${rows} ${what}`)
      if (file !== undefined) context.out({ what, rows, file }, () => `Wrote ${rows} ${what} to ${file}.`)
    }))
}

/** As they are imported again. */
async function exportPostalAreas({ send, out }: CliContext, country: string | undefined, file: string | undefined): Promise<void> {
  if (country === undefined) throw new CliFailure(EXIT.usage, 'Say whose postal areas, with --country.')
  const { text } = await send('GET', `/v1/postal-areas/${encodeURIComponent(country)}`)
  if (file === undefined) process.stdout.write(text)
  else {
    await writeFile(pathOf(file), text)
    out({ what: 'postal-areas', country, file }, () => `Wrote the postal areas of ${country} to ${file}.`)
  }
}

/** All pages of a list, one row at a time. */
async function* readAll({ call }: CliContext, url: string): AsyncGenerator<Record<string, unknown>> {
  let after: string | undefined
  do {
    const page: { data: Record<string, unknown>[]; page: { next: string | null } } = await call('GET', withQuery(url, { limit: 200, after }))
    for (const row of page.data) yield flat(row)
    after = page.page.next ?? undefined
  } while (after !== undefined)
}

function flat(row: Record<string, unknown>, prefix = ''): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).flatMap(([key, value]): [string, unknown][] => {
    if (Array.isArray(value)) return [[prefix + key, value.every((item) => typeof item !== 'object') ? value.join(' ') : JSON.stringify(value)]]
    return value !== null && typeof value === 'object' ? Object.entries(flat(value as Record<string, unknown>, `${prefix}${key}.`)) : [[prefix + key, value]]
  }))
}
