import { figuresOf, type LoadMessage, type LoadReport } from './protocol.ts'

/** Collects answers from the end of the warm-up to the end of the load. */
export type Measuring = {
  record: (kind: string | null, status: string, ms: number) => void
  /** An answer nobody counted on. */
  complain: (text: string) => void
  isOver: () => boolean
  /** Ends the load before its time. */
  finish: () => void
  report: (unsent: number) => LoadReport
}

export function startMeasuring(plan: { warmup_seconds: number; seconds: number }, tell: (message: LoadMessage) => void, onFinish: () => void): Measuring {
  const samples = new Map<string, number[]>()
  const statuses: Record<string, number> = {}
  const examples: string[] = []
  let unexpected = 0
  let state: 'warming' | 'measuring' | 'over' = 'warming'
  let fromMs = performance.now()
  let toMs = fromMs
  let cpu = process.cpuUsage()

  const begin = (): void => {
    state = 'measuring'
    fromMs = performance.now()
    cpu = process.cpuUsage()
    tell({ mark: 'begin' })
  }
  const finish = (): void => {
    if (state === 'over') return
    // What is over before it has warmed up has no measured time, but the benchmark waits for both marks.
    if (state === 'warming') begin()
    state = 'over'
    toMs = performance.now()
    cpu = process.cpuUsage(cpu)
    tell({ mark: 'end' })
    onFinish()
  }
  if (plan.warmup_seconds === 0) begin()
  else setTimeout(begin, plan.warmup_seconds * 1_000)
  const end = setTimeout(finish, (plan.warmup_seconds + plan.seconds) * 1_000)

  return {
    record: (kind, status, ms) => {
      if (state !== 'measuring' || kind === null) return
      statuses[status] = (statuses[status] ?? 0) + 1
      const of = samples.get(kind)
      if (of === undefined) samples.set(kind, [ms])
      else of.push(ms)
    },
    complain: (text) => {
      unexpected++
      if (examples.length < 3) examples.push(text)
    },
    isOver: () => state === 'over',
    finish: () => {
      clearTimeout(end)
      finish()
    },
    report: (unsent) => ({
      seconds: (toMs - fromMs) / 1_000, all: figuresOf([...samples.values()].flat()), statuses, unexpected, examples, unsent, cpu_ms: (cpu.user + cpu.system) / 1_000,
      kinds: Object.fromEntries([...samples].map(([kind, values]) => [kind, figuresOf(values)])),
    }),
  }
}
