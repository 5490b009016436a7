import type { FieldError } from '../../kernel/problem.ts'
import type { Address } from '../../platform/http/schemas.ts'

/** A customer as other modules see it. */
export type Customer = {
  id: string
  name: string
  email: string | null
  phone: string | null
  company: string | null
  locale: string | null
  /** What the retailer sorts customers by; null for none. */
  customer_group: string | null
  tags: string[]
  addresses: Address[]
}

/** A customer as it is stored. `sources` are the channels and systems that know it. */
export type CustomerRow = Customer & {
  note: string
  sources: string[]
  created_at: Date
  version: number
  field_versions: Record<string, number>
}

export type Identity = { source: string; external_id: string }

/** What a person at the screen or an API caller may say about a customer. */
export type CustomerFields = {
  name?: string
  email?: string | null
  phone?: string | null
  company?: string | null
  locale?: string | null
  customer_group?: string | null
  tags?: string[]
  note?: string
  addresses?: Address[]
}

/** What may stand in the audit; every other field is personal and only its name does. */
const IMPERSONAL = new Set(['locale', 'customer_group', 'tags'])

export function withoutPersonalData(changes: Record<string, { before: unknown; after: unknown }>): Record<string, { before: unknown; after: unknown }> {
  return Object.fromEntries(Object.entries(changes).map(([field, change]) => [field, IMPERSONAL.has(field) ? change : { before: null, after: null }]))
}

/** Digits with the usual punctuation and perhaps an extension; whether anybody answers is not for us to say. */
const PHONE = /^\+?[\d\s().\-/]+(\s?(x|ext\.?)\s?\d{1,6})?$/i

export function checkPhone(phone: string | null | undefined): FieldError[] {
  if (phone === null || phone === undefined) return []
  const digits = phone.replaceAll(/\D/g, '').length
  if (PHONE.test(phone.trim()) && digits >= 4 && digits <= 24) return []
  return [{ pointer: '/phone', code: 'wrong_format', detail: `"${phone}" is not a phone number such as +44 20 7946 0000.` }]
}

/** Each identity once. */
export function checkIdentities(identities: readonly Identity[]): FieldError[] {
  const seen = new Set<string>()
  return identities.flatMap(({ source, external_id }, index) => {
    const key = `${source} ${external_id}`
    if (external_id !== external_id.trim()) return [{ pointer: `/identities/${index}/external_id`, code: 'wrong_format', detail: 'An external id has no spaces at its ends.' }]
    if (seen.has(key)) return [{ pointer: `/identities/${index}`, code: 'duplicate_identity', detail: `The identity ${external_id} of ${source} stands here twice.` }]
    seen.add(key)
    return []
  })
}
