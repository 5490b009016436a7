import type { Answer, HttpRequest } from './connection.ts'
import { captureWorkload, type CaptureParameters } from './capture.ts'

/** What a load sends. `kind` groups the figures; a request of kind null is not measured. */
export type WorkloadRequest = HttpRequest & { kind: string | null }

/** `slot` is the connection, so that a workload can do one thing after another on each. Undefined ends the load. */
export type Workload = {
  next: (slot: number) => WorkloadRequest | undefined
  /** Looks at an answer. True says that it is one the workload counts on. */
  expects: (answer: Answer, slot: number, request: WorkloadRequest) => boolean
}

export type WorkloadSpec = { name: 'capture' } & CaptureParameters

export function createWorkload(spec: WorkloadSpec): Workload {
  return captureWorkload(spec)
}
