import { resolve } from 'node:path'
import type { Command } from 'commander'
import { inApplication } from './context.ts'
import { CliFailure, EXIT } from './exit-codes.ts'

export function registerImport(program: Command): void {
  const group = program.command('import').description('Import data from files')
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
      const { report, text, differences } = await application.importOnlineRetail(resolve(process.env['INIT_CWD'] ?? process.cwd(), file), {
        date_order: options.dateOrder === 'day-first' ? 'day_first' : 'month_first',
        ...(maxLines === undefined ? {} : { max_lines: maxLines }),
        progress: (lines, rate) => { progress.passing(`Imported ${lines} lines, ${rate} lines/s`) },
      })
      out(report, () => text)
      return maxLines === undefined && differences.length > 0 ? EXIT.failed : EXIT.ok
    }))
}
