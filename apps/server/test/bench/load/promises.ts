import { seededRandom } from '../../harness/random.ts'
import { articlePicker, skuOf } from './capture.ts'
import type { Workload } from './workload.ts'

export type PromiseParameters = { seed: number; /** Articles there are, asked for by Zipf's law. */ skus: number }

const MAX_LINES = 4

/** One cart of 1 to 4 lines and one place a request, all methods. */
export function promiseWorkload({ seed, skus }: PromiseParameters): Workload {
  const random = seededRandom(seed)
  const pick = articlePicker(skus, random)
  return {
    next: () => {
      const count = 1 + Math.floor(random() * MAX_LINES)
      const wanted = new Set<string>()
      while (wanted.size < count) wanted.add(skuOf(pick()))
      const lines = [...wanted].map((sku) => ({ sku, quantity: 1 + Math.floor(random() * 3) }))
      const ship_to = { country: 'GB', postal_code: 'HG1 1AA', latitude: 50 + random() * 8, longitude: -5 + random() * 6 }
      return { kind: 'promise', method: 'POST', path: '/v1/promises', body: JSON.stringify({ carts: [{ channel: 'bench', lines, ship_to }] }) }
    },
    expects: ({ status, body }) => status === 200 && body.includes('"outcome":"available"') && body.includes('"complete":true'),
  }
}
