import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Bench } from './benchmark.ts'
import type { Server } from './installation.ts'
import type { FeedMessage, FeedPlan } from './load/feed.ts'

export type Received = { positions: number[]; at: number[] }

/** Follows the feed in a process of its own, from now on. */
export async function openConsumer(bench: Bench, server: Server, expect?: number): Promise<{ /** What came until `expect` was reached. */ all: Promise<Received>; stop: () => Promise<Received> }> {
  const plan: FeedPlan = { url: server.url, key: bench.installation.key, ...(expect === undefined ? {} : { expect }) }
  const program = fork(join(import.meta.dirname, 'load/feed.ts'), [JSON.stringify(plan)], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const ready = Promise.withResolvers<void>()
  const all = Promise.withResolvers<Received>()
  program.on('message', (message: FeedMessage) => {
    if ('ready' in message) ready.resolve()
    else all.resolve(message)
  })
  program.once('exit', (code) => {
    const error = new Error(`the consumer ended with code ${code}`)
    ready.reject(error)
    all.reject(error)
  })
  // Whoever waits is told; nobody else need be.
  all.promise.catch(() => undefined)
  await ready.promise
  return {
    all: all.promise,
    stop: () => {
      program.send('stop')
      return all.promise
    },
  }
}
