/** The kind of answers by which an overloaded server turned requests away. */
export const SHED = 'shed'

/** What the programs of the load tell the benchmark. */
export type Figures = { count: number; p50Ms: number; p99Ms: number; maxMs: number }

export type LoadReport = {
  /** From the end of the warm-up to the end of the load. */
  seconds: number
  /** By kind of request, and all together. */
  kinds: Record<string, Figures>
  all: Figures
  /** Answers in the measured time by status. */
  statuses: Record<string, number>
  /** Answers nobody counted on, in the warm-up too: how many, and the first few. */
  unexpected: number
  examples: string[]
  /** Requests whose time had come and for which no connection was free when the load ended (open loop). */
  unsent: number
  cpu_ms: number
}

export type LoadMessage = { mark: 'begin' | 'end' } | { report: LoadReport }

/** Tells the benchmark; when it is gone, nobody waits for figures. */
export function openChannel(): (message: LoadMessage) => void {
  process.on('disconnect', () => { process.exit(1) })
  return (message) => { process.send!(message) }
}

export function figuresOf(values: readonly number[]): Figures {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: sorted.at(-1) ?? 0 }
}
