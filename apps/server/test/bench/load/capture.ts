import { seededRandom } from '../../harness/random.ts'
import { zipfPicker } from './zipf.ts'
import type { Workload } from './workload.ts'

export type CaptureParameters = {
  seed: number
  /** Makes the numbers and buyers of this load unlike those of any other on the same database. */
  run: string
  /** Lines of an order. */
  lines: number
  /** Articles there are, sold by Zipf's law. */
  skus: number
  /** A part of the orders is wholly on the first few articles. */
  hot?: { share: number; skus: number }
  /** Every order is for one unit of this article alone. */
  only?: string
  /** The load ends after so many orders. */
  limit?: number
}

/** Zipf's exponent: what web shops measure is near 1. */
const ZIPF = 0.99

/** Picks articles by how well they sell. */
export const articlePicker = (skus: number, random: () => number): (() => number) => zipfPicker(skus, ZIPF, random)

export const skuOf = (index: number): string => `SKU-${String(index).padStart(5, '0')}`

const SYLLABLES = ['ba', 'ce', 'di', 'fo', 'gu', 'ka', 'le', 'mi', 'no', 'ru', 'sa', 'te', 'vi', 'wo', 'xu', 'ya'] as const

/** So many syllables of a number: names that are shared like those of people. */
function nameOf(value: number, syllables: number): string {
  const text = Array.from({ length: syllables }, (_, index) => SYLLABLES[Math.floor(value / 16 ** index) % 16]).join('')
  return text[0]!.toUpperCase() + text.slice(1)
}

/** Orders one after the other, as text. */
export function orderMaker(parameters: CaptureParameters): () => { external_id: string; body: string } {
  const random = seededRandom(parameters.seed)
  const pick = articlePicker(parameters.skus, random)
  const { hot } = parameters
  let count = 0
  return () => {
    const external_id = `${parameters.run}-${count++}`
    const isHot = hot !== undefined && random() < hot.share
    const lines: { sku: string; quantity: number }[] = []
    while (lines.length < parameters.lines) {
      const sku = parameters.only ?? skuOf(isHot ? Math.floor(random() * hot.skus) : pick())
      if (parameters.only === undefined && lines.some((line) => line.sku === sku)) continue
      lines.push({ sku, quantity: parameters.only === undefined ? 1 + Math.floor(random() * 3) : 1 })
    }
    const name = `${nameOf(random() * 16 ** 2, 2)} ${nameOf(random() * 16 ** 4, 4)}`
    return {
      external_id,
      body: JSON.stringify({
        channel: 'bench', external_id, customer: { email: `${external_id}@example.com`, name, phone: `+44 20 ${1_000_000 + (count % 9_000_000)}` },
        shipping_address: { name, line1: `${1 + (count % 200)} High Street`, city: 'Harrogate', postal_code: 'HG1 1AA', country: 'GB', latitude: 50 + random() * 8, longitude: -5 + random() * 6 },
        lines, shipping: { amount: '3.95', currency: 'GBP' },
      }),
    }
  }
}

export function captureWorkload(parameters: CaptureParameters): Workload {
  const make = orderMaker(parameters)
  let left = parameters.limit ?? Number.POSITIVE_INFINITY
  return {
    next: () => {
      if (left-- <= 0) return undefined
      const { external_id, body } = make()
      return { kind: 'capture', method: 'POST', path: '/v1/orders', body, idempotency_key: external_id }
    },
    expects: ({ status, body }) => status === 201 || (status === 409 && body.includes('"code":"out_of_stock"')),
  }
}
