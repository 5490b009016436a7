import type { Line } from './benchmark.ts'

const HEADS = ['benchmark', 'value', 'unit', 'p50 ms', 'p99 ms', 'CPU-ms', 'ceiling', 'ratio', 'goal', 'met'] as const

/** The figures for people: parts indented below their benchmark, and below the table what was missed and what is worth knowing. */
export function table(lines: readonly Line[]): string {
  const rows = [[...HEADS], ...lines.flatMap((line) => [cellsOf(line, ''), ...(line.parts ?? []).map((part) => cellsOf(part, '  '))])]
  const widths = HEADS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const text = rows.map((row) => row.map((cell, column) => (column === 0 || column === 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ').trimEnd())
  const notes = lines.flatMap((line) => [...(line.missed ?? []).map((missed) => `${line.name} missed: ${missed}`), ...[line, ...(line.parts ?? [])].flatMap(({ name, notes: said }) => (said ?? []).map((note) => `${name}: ${note}`))])
  return `\n${text.join('\n')}\n\n${notes.join('\n')}\n`
}

function cellsOf(line: Line, indent: string): string[] {
  const show = (value: number | null): string => (value === null ? '' : String(value))
  return [
    indent + line.name, show(line.value), line.unit, show(line.p50Ms), show(line.p99Ms), show(line.cpuMsPerOrder), show(line.ceiling), line.ratio === null ? '' : `${Math.round(line.ratio * 100)} %`, show(line.goal),
    line.met === null ? '' : line.met ? 'yes' : 'no',
  ]
}
