import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Learned } from './learn.ts'
import type { LearningTask } from './sample.ts'

/** Learns prices in a thread of its own, which ends with it. */
export async function learnInThread(task: LearningTask): Promise<Learned> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task })
  const [learned] = (await once(worker, 'message')) as [Learned]
  return learned
}
