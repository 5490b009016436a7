import type { Workload } from './workload.ts'

/** Groups of fulfillment orders; each is picked, packed and shipped by one call a step. */
export type FulfillmentParameters = { groups: string[][] }

const STEPS = ['pick', 'pack', 'ship'] as const

export function fulfillmentWorkload({ groups }: FulfillmentParameters): Workload {
  const work = new Map<number, { group: string[]; step: number }>()
  let taken = 0
  return {
    next: (slot) => {
      let current = work.get(slot)
      if (current === undefined || current.step === STEPS.length) {
        const group = groups[taken++]
        if (group === undefined) return undefined
        work.set(slot, current = { group, step: 0 })
      }
      const step = STEPS[current.step++]!
      return { kind: step, method: 'POST', path: `/v1/fulfillment-orders/bulk/${step}`, body: JSON.stringify({ fulfillment_order_ids: current.group }) }
    },
    expects: ({ status, body }) => status === 200 && !body.includes('"ok":false'),
  }
}
