import { articlePicker, orderMaker, skuOf } from './capture.ts'
import { seededRandom } from '../../harness/random.ts'
import type { Workload, WorkloadRequest } from './workload.ts'

export type ReservationParameters = { seed: number; run: string; skus: number }

type Line = { sku: string; quantity: number }
type Step = { after: 'reserve' | 'extend'; id: string; lines: Line[] }

/** On every connection: reserve, extend, then release or convert into an order, in turns. */
export function reservationWorkload({ seed, run, skus }: ReservationParameters): Workload {
  const pick = articlePicker(skus, seededRandom(seed))
  const make = orderMaker({ seed, run, lines: 1, skus })
  const steps = new Map<number, Step>()
  const asked = new Map<number, Line[]>()
  let ended = 0

  const reserve = (slot: number): WorkloadRequest => {
    const lines = [{ sku: skuOf(pick()), quantity: 1 }, { sku: skuOf(pick()), quantity: 1 }]
    asked.set(slot, lines)
    return { kind: 'reserve', method: 'POST', path: '/v1/reservations', body: JSON.stringify({ channel: 'bench', lines }) }
  }
  const convert = ({ id, lines }: Step): WorkloadRequest => {
    const { external_id, body } = make()
    return { kind: 'convert', method: 'POST', path: '/v1/orders', body: JSON.stringify({ ...JSON.parse(body), lines, reservation_id: id }), idempotency_key: external_id }
  }
  return {
    next: (slot) => {
      const step = steps.get(slot)
      if (step === undefined) return reserve(slot)
      if (step.after === 'reserve') return { kind: 'extend', method: 'POST', path: `/v1/reservations/${step.id}/extend`, body: '{}' }
      return ended++ % 2 === 0 ? convert(step) : { kind: 'release', method: 'POST', path: `/v1/reservations/${step.id}/release`, body: '{}' }
    },
    expects: ({ status, body }, slot, { kind }) => {
      if (kind === 'reserve' && status === 201) steps.set(slot, { after: 'reserve', id: (JSON.parse(body.toString()) as { id: string }).id, lines: asked.get(slot)! })
      else if (kind === 'extend') steps.get(slot)!.after = 'extend'
      else steps.delete(slot)
      return status === (kind === 'reserve' || kind === 'convert' ? 201 : 200)
    },
  }
}
