import type { Answer, HttpRequest } from './connection.ts'
import { captureWorkload, type CaptureParameters } from './capture.ts'
import { fulfillmentWorkload, type FulfillmentParameters } from './fulfillment.ts'
import { listWorkload, type ListParameters } from './lists.ts'
import { promiseWorkload, type PromiseParameters } from './promises.ts'
import { reservationWorkload, type ReservationParameters } from './reservations.ts'

/** What a load sends. `kind` groups the figures; a request of kind null is not measured. */
export type WorkloadRequest = HttpRequest & { kind: string | null }

/** `slot` is the connection, so that a workload can do one thing after another on each. Undefined ends the load. */
export type Workload = {
  next: (slot: number) => WorkloadRequest | undefined
  /** Looks at an answer. True says that it is one the workload counts on. */
  expects: (answer: Answer, slot: number, request: WorkloadRequest) => boolean
}

export type WorkloadSpec =
  | ({ name: 'capture' } & CaptureParameters)
  | ({ name: 'reservations' } & ReservationParameters)
  | ({ name: 'promise' } & PromiseParameters)
  | ({ name: 'list' } & ListParameters)
  | ({ name: 'fulfillment' } & FulfillmentParameters)

const WORKLOADS: { [Name in WorkloadSpec['name']]: (spec: Extract<WorkloadSpec, { name: Name }>) => Workload } = {
  capture: captureWorkload, reservations: reservationWorkload, list: listWorkload, promise: promiseWorkload, fulfillment: fulfillmentWorkload,
}

export function createWorkload(spec: WorkloadSpec): Workload {
  return (WORKLOADS[spec.name] as (spec: WorkloadSpec) => Workload)(spec)
}
