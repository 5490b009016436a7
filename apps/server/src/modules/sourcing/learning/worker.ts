import { parentPort, workerData } from 'node:worker_threads'
import { learnPrices } from './learn.ts'
import type { LearningTask } from './sample.ts'

// A thread of its own: learning takes seconds, and the process that asked for it answers calls meanwhile.
parentPort?.postMessage(learnPrices(workerData as LearningTask))
