import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = {
  registry: Registry
  observeCommand: (name: string, durationMs: number, outcome: string, items: number) => void
  setRelayLag: (ms: number) => void
  countShed: () => void
  setParkedJobs: (counts: readonly { name: string; count: number }[]) => void
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const commands = new Histogram({
    name: 'switchyard_command_duration_seconds',
    help: 'Duration of commands from call to commit, by name and outcome',
    labelNames: ['command', 'outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers: [registry],
  })
  const items = new Histogram({
    name: 'switchyard_batch_items',
    help: 'Items that one run of a command served',
    labelNames: ['command'],
    buckets: [1, 2, 5, 10, 25, 50, 100, 200],
    registers: [registry],
  })
  const lag = new Gauge({ name: 'switchyard_relay_lag_seconds', help: 'Age of the oldest event without a position', registers: [registry] })
  const shed = new Counter({ name: 'switchyard_shed_requests_total', help: 'Requests turned away because too many others were at hand', registers: [registry] })
  const parked = new Gauge({ name: 'switchyard_parked_jobs', help: 'Jobs whose retries are used up, by kind; somebody has to look', labelNames: ['job'], registers: [registry] })
  return {
    registry,
    observeCommand: (command, durationMs, outcome, count) => {
      commands.observe({ command, outcome }, durationMs / 1_000)
      items.observe({ command }, count)
    },
    setRelayLag: (ms) => { lag.set(ms / 1_000) },
    countShed: () => { shed.inc() },
    setParkedJobs: (counts) => { for (const { name, count } of counts) parked.set({ job: name }, count) },
  }
}
