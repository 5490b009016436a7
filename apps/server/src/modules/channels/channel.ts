import type { FieldError } from '../../kernel/problem.ts'
import { isCurrency } from '../../kernel/money.ts'
import type { Editable } from '../../platform/edit.ts'

export const KINDS = ['web', 'marketplace', 'pos', 'phone', 'mail', 'distributor'] as const
export const SHORTAGE_ACTIONS = ['refuse', 'backorder', 'hold'] as const
export const PAYMENT_EXPECTATIONS = ['authorize', 'prepaid', 'on_account', 'none'] as const

/** What holds for orders that a channel captures. */
export type Policies = {
  /** What happens to units without stock: the order is refused, they are queued, or the order is held. */
  on_shortage: (typeof SHORTAGE_ACTIONS)[number]
  /** How many locations may serve one order; null for any number. */
  max_splits: number | null
  reservation_minutes: number
  payment_expectation: (typeof PAYMENT_EXPECTATIONS)[number]
  /** Units of each SKU that this channel does not sell. */
  stock_buffer: number
  prices_include_tax: boolean
  /** 2000 is 20 %. */
  tax_rate_basis_points: number
  release_delay_minutes: number
  return_window_days: number
}

/** A channel: its row, with the location groups that serve it by id and by code; null means that all locations do. */
export type Channel = Editable & Policies & {
  code: string
  name: string
  kind: (typeof KINDS)[number]
  currency: string
  active: boolean
  /** The newest version of its order form; 0 is none. */
  form_version: number
  created_at: Date
  group_ids: readonly string[] | null
  location_groups: readonly string[] | null
}

/** What a new channel has where nothing else is said. */
export const DEFAULT_FIELDS = {
  active: true, on_shortage: 'refuse', max_splits: null, reservation_minutes: 15, payment_expectation: 'authorize', stock_buffer: 0,
  prices_include_tax: true, tax_rate_basis_points: 0, release_delay_minutes: 0, return_window_days: 30,
} as const satisfies Policies & { active: boolean }

export function checkCurrency(currency: string): FieldError[] {
  return isCurrency(currency) ? [] : [{ pointer: '/currency', code: 'unknown_currency', detail: `"${currency}" is no currency. Use an ISO 4217 code such as GBP.` }]
}

/** The groups that no location group is called, with their places in the input. */
export function unknownGroups(codes: readonly string[], known: ReadonlyMap<string, string>): FieldError[] {
  return codes.flatMap((code, index) => (known.has(code) ? [] : [{ pointer: `/location_groups/${index}`, code: 'unknown_location_group', detail: `There is no location group "${code}". Add it first.` }]))
}
