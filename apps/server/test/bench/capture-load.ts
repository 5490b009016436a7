import { randomBytes } from 'node:crypto'
import type { Bench, Measurement } from './benchmark.ts'
import type { Server } from './installation.ts'
import type { CaptureParameters } from './load/capture.ts'
import { runLoad, type Loaded, type LoadOptions } from './run-load.ts'

/** The commands that capture orders: one a request, and in streams. */
type CaptureCommand = 'orders.capture' | 'orders.import'

/** A load of captures on the whole assortment, four lines each, unless said otherwise. */
export function captureSpec({ retailer }: Bench, parameters: Partial<CaptureParameters> = {}): { name: 'capture' } & CaptureParameters {
  return { name: 'capture', seed: 1, run: newRun(), lines: 4, skus: retailer.skus, ...parameters }
}

/** Numbers the orders of each load apart from those of every other. */
export function newRun(): string {
  return randomBytes(4).toString('hex')
}

/** Captures over HTTP, and how many of them one transaction has held on average. */
export function runCapture(bench: Bench, server: Server, options: Omit<LoadOptions, 'connections'>): Promise<Loaded & { batch: number }> {
  return countBatches(server, 'orders.capture', () => runLoad(bench, server, { connections: bench.connections, ...options }))
}

export async function countBatches(server: Server, command: CaptureCommand, run: () => Promise<Loaded>): Promise<Loaded & { batch: number }> {
  const before = await batchesOf(server, command)
  const loaded = await run()
  const after = await batchesOf(server, command)
  const batch = (after.items - before.items) / (after.batches - before.batches)
  return { ...loaded, batch, notes: [...loaded.notes, `${batch.toFixed(1)} orders a transaction`] }
}

async function batchesOf(server: Server, command: CaptureCommand): Promise<{ items: number; batches: number }> {
  const text = await server.ask<string>('GET', '/metrics')
  const figure = (name: string): number => Number(new RegExp(`^switchyard_batch_items_${name}\\{command="${command}"\\} (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
  return { items: figure('sum'), batches: figure('count') }
}

export function measurementOf(loaded: Loaded): Measurement {
  return { value: loaded.per_second, unit: 'orders/s', p50Ms: loaded.all.p50Ms, p99Ms: loaded.all.p99Ms, cpuMsPerOrder: loaded.cpu_ms_each, notes: loaded.notes }
}
