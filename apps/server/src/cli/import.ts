import type { Command } from 'commander'
import { inApplication, inApplicationWith, pathOf, readInput } from './context.ts'
import { CliFailure, EXIT } from './exit-codes.ts'

export function registerImport(program: Command): void {
  const group = program.command('import').description('Import data from files')
  group.command('postal-areas <file>')
    .description('Say where the postal codes of a country lie: CSV with postal_code, latitude, longitude, place; replaces what was there')
    .requiredOption('--country <code>', 'ISO 3166 code, such as GB')
    .addHelpText('after', `
Codes may be beginnings of codes; the longest that fits counts. What \`export postal-areas\` writes is read back.

Example:
  npm run switchyard -- import postal-areas gb.csv --country GB`)
    .action(inApplicationWith((file: string, _options: { country: string }) => readInput(file), async ({ send, out }, text, _file, { country }) => {
      const answer = await send('PUT', `/v1/postal-areas/${encodeURIComponent(country)}`, text, { 'content-type': 'text/csv' })
      const report = JSON.parse(answer.text) as { country: string; areas: number; areas_before: number }
      out(report, () => `${report.areas} postal areas of ${report.country}, ${report.areas_before} before.`)
    }))
  group.command('online-retail <file>')
    .description('Import a file of the Online Retail data set: products, customers, orders, deliveries and returns')
    .option('--date-order <order>', 'how dates such as 3/4/2011 are meant: month-first or day-first', 'month-first')
    .option('--max-lines <number>', 'stop after about this many lines')
    .addHelpText('after', `
Reads CSV, plain or gzip, of either edition and any size. Every line is imported or refused with a reason; units and
money reconcile to the file. A file that was imported before, or whose import was killed, is taken up where it stands.

Examples:
  npm run switchyard -- import online-retail online-retail.csv.gz
  npm run -s switchyard -- import online-retail online-retail.csv.gz --json`)
    .action(inApplication(async ({ application, out, progress }, file: string, options: { dateOrder: string; maxLines?: string }) => {
      if (options.dateOrder !== 'month-first' && options.dateOrder !== 'day-first') throw new CliFailure(EXIT.usage, '--date-order is month-first or day-first.')
      const maxLines = options.maxLines === undefined ? undefined : Number(options.maxLines)
      if (maxLines !== undefined && (!Number.isInteger(maxLines) || maxLines < 1)) throw new CliFailure(EXIT.usage, '--max-lines is a whole number above 0.')
      const { report, text, differences } = await application.importOnlineRetail(pathOf(file), {
        date_order: options.dateOrder === 'day-first' ? 'day_first' : 'month_first',
        ...(maxLines === undefined ? {} : { max_lines: maxLines }),
        progress: (lines, rate) => { progress.passing(`Imported ${lines} lines, ${rate} lines/s`) },
      })
      out(report, () => text)
      return maxLines === undefined && differences.length > 0 ? EXIT.failed : EXIT.ok
    }))
}
