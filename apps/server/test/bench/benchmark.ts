import type { Installation } from './installation.ts'
import type { Retailer } from './seed.ts'

/** What one run was asked for. */
export type Settings = {
  /** How long each measurement takes. */
  seconds: number
  /** Connections of the capture benchmarks. */
  connections: number
  /** Requests a second of `capture-http` and `capture-http-1`, sent whether or not answers come; undefined sends the next when an answer has come. */
  rate: number | undefined
  /** Orders in the database of `list` and `rehearsal`; undefined for as many as is usual there. */
  orders: number | undefined
  /** Where profiles are written; undefined writes none. */
  profile: string | undefined
  retailer: Retailer
  say: (text: string) => void
}

/** What a benchmark works with: a fresh copy of the seeded database, no server running yet. */
export type Bench = Settings & { installation: Installation }

/** What must hold for a goal to be met. `value` is a floor, or a ceiling where `at_most` says so. */
export type Goal = { value?: number; at_most?: true; p99Ms?: number; cpuMsPerOrder?: number; ratio?: number }

export type Measurement = {
  value: number
  unit: string
  p50Ms?: number
  p99Ms?: number
  /** CPU time of the server and of PostgreSQL together. */
  cpuMsPerOrder?: number
  /** The same work written by bare SQL, in the same unit. */
  ceiling?: number
  /** What a reader of the figures should know: batch sizes, cost of the load, strangers on the machine. */
  notes?: string[]
  /** Several measurements under one name, each with a goal of its own or none. */
  parts?: (Measurement & { name: string; goal?: Goal })[]
}

export type Benchmark = {
  name: string
  summary: string
  goal: Goal
  run: (bench: Bench) => Promise<Measurement>
}

/** A line of `--json`. */
export type Line = {
  name: string; value: number; unit: string; p50Ms: number | null; p99Ms: number | null; cpuMsPerOrder: number | null
  ceiling: number | null; ratio: number | null; goal: number | null; met: boolean | null
  /** What of the goal was missed, in words. */
  missed?: string[]
  notes?: string[]
  parts?: Line[]
}

export function judge(name: string, goal: Goal | undefined, measured: Measurement): Line {
  const ratio = measured.ceiling === undefined ? undefined : measured.value / measured.ceiling
  const parts = measured.parts?.map((part) => judge(part.name, part.goal, part))
  const missed = [...(goal === undefined ? [] : missedOf(goal, measured, ratio)), ...(parts ?? []).filter(({ met }) => met === false).map((part) => part.name)]
  const isJudged = goal !== undefined || (parts ?? []).some(({ met }) => met !== null)
  return {
    name, value: rounded(measured.value)!, unit: measured.unit, p50Ms: rounded(measured.p50Ms), p99Ms: rounded(measured.p99Ms), cpuMsPerOrder: rounded(measured.cpuMsPerOrder),
    ceiling: rounded(measured.ceiling), ratio: rounded(ratio), goal: goal?.value ?? null, met: isJudged ? missed.length === 0 : null,
    ...(missed.length === 0 ? {} : { missed }), ...(measured.notes === undefined ? {} : { notes: measured.notes }), ...(parts === undefined ? {} : { parts }),
  }
}

function missedOf(goal: Goal, measured: Measurement, ratio: number | undefined): string[] {
  const missed: string[] = []
  if (goal.value !== undefined && (goal.at_most === true ? measured.value > goal.value : measured.value < goal.value)) missed.push(`${rounded(measured.value)} ${measured.unit}, wanted ${goal.at_most === true ? 'at most' : 'at least'} ${goal.value}`)
  if (goal.p99Ms !== undefined && !((measured.p99Ms ?? Number.NaN) <= goal.p99Ms)) missed.push(`p99 ${rounded(measured.p99Ms)} ms, wanted at most ${goal.p99Ms}`)
  if (goal.cpuMsPerOrder !== undefined && !((measured.cpuMsPerOrder ?? Number.NaN) <= goal.cpuMsPerOrder)) missed.push(`${rounded(measured.cpuMsPerOrder)} CPU-ms an order, wanted at most ${goal.cpuMsPerOrder}`)
  if (goal.ratio !== undefined && !((ratio ?? Number.NaN) >= goal.ratio)) missed.push(`${rounded(ratio)} of the ceiling, wanted at least ${goal.ratio}`)
  return missed
}

/** The goal in words. */
export function describeGoal(goal: Goal): string {
  return [
    ...(goal.value === undefined ? [] : [`${goal.at_most === true ? 'at most' : 'at least'} ${goal.value}`]), ...(goal.p99Ms === undefined ? [] : [`p99 at most ${goal.p99Ms} ms`]),
    ...(goal.cpuMsPerOrder === undefined ? [] : [`at most ${goal.cpuMsPerOrder} CPU-ms an order`]), ...(goal.ratio === undefined ? [] : [`at least ${Math.round(goal.ratio * 100)} % of the ceiling`]),
  ].join(', ')
}

/** Three significant digits, all before the point. */
function rounded(value: number | undefined): number | null {
  if (value === undefined || Number.isNaN(value)) return null
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}

/** The value that stands at a share of the sorted values: 0.5 is the median. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
