import { styleText } from 'node:util'

/** Prints a result on stdout: with `--json` the value, else what `human` makes of it. Called once per command. */
export type Out = (value: unknown, human: () => string) => void

/** Between two passing lines where stderr is no terminal: what is done sooner is not worth a line. */
const LOG_INTERVAL_MS = 2_000

/** Tells on stderr what goes on. */
export type Progress = {
  line: (text: string) => void
  /** How far something has come: a terminal shows the latest in one line, a log gets one now and then. */
  passing: (text: string) => void
  /** The same as a percentage, with a label. */
  percent: (label: string, done: number, total: number) => void
}

export function createOut(json: boolean): Out {
  return (value, human) => { process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${human()}\n`) }
}

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let shown = ''
  let lastMs = performance.now()
  const endLine = (): void => {
    if (shown !== '') stream.write('\n')
    shown = ''
  }
  const passing = (text: string): void => {
    if (stream.isTTY) {
      if (text === shown) return
      stream.write(`\r${text.padEnd(shown.length)}`)
      shown = text
    } else if (performance.now() - lastMs >= LOG_INTERVAL_MS) {
      lastMs = performance.now()
      stream.write(`${text}\n`)
    }
  }
  return {
    line: (text) => {
      endLine()
      stream.write(`${text}\n`)
    },
    passing,
    percent: (label, done, total) => {
      passing(`${label} ${String(total <= 0 ? 100 : Math.min(100, Math.floor((done / total) * 100))).padStart(3)} %`)
      if (done >= total) endLine()
    },
  }
}

/** Bold where stdout is a terminal that wants colors (NO_COLOR and FORCE_COLOR are honored). */
export function strong(text: string): string {
  return styleText('bold', text, { stream: process.stdout })
}

export function faint(text: string): string {
  return styleText('dim', text, { stream: process.stdout })
}

export type Column<Row> = { title: string; value: (row: Row) => string | number | null; align?: 'right' }

/** Rows in columns as wide as their widest value, numbers to the right. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): string {
  if (rows.length === 0) return faint(empty)
  const cells = rows.map((row) => columns.map(({ value }) => String(value(row) ?? '–').replaceAll(/\s+/g, ' ')))
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...cells.map((line) => line[i]!.length)))
  const place = (text: string, i: number): string => (columns[i]!.align === 'right' ? text.padStart(widths[i]!) : text.padEnd(widths[i]!))
  const head = strong(columns.map(({ title }, i) => place(title, i)).join('  ').trimEnd())
  return [head, ...cells.map((line) => line.map(place).join('  ').trimEnd())].join('\n')
}

/** `2026-03-03 09:00` of an RFC 3339 instant, in UTC like everything the API says. */
export function shortTime(instant: string | null | undefined): string | null {
  return instant === null || instant === undefined ? null : instant.slice(0, 16).replace('T', ' ')
}
