import type { Address } from '../../../platform/http/schemas.ts'

/** The retailer behind the file, as far as the file does not tell: where the goods lie and through which channel they are sold. */
export const CHANNEL = { code: 'online-retail', name: 'Online retail' } as const
export const LOCATION_GROUP = { code: 'online-retail', name: 'Online retail network' } as const

type Site = { code: string; name: string; kind: 'warehouse' | 'store'; weight: number; priority: number; capabilities: string[]; address: Address }

/** `weight` is each site's share of the receipts. */
export const SITES: readonly Site[] = [
  { code: 'daventry-dc', name: 'Daventry distribution center', kind: 'warehouse', weight: 60, priority: 100, capabilities: ['ship', 'receive_returns'], address: { line1: 'Royal Oak Way North', city: 'Daventry', postal_code: 'NN11 8LR', country: 'GB', latitude: 52.271, longitude: -1.178 } },
  { code: 'leeds-dc', name: 'Leeds distribution center', kind: 'warehouse', weight: 25, priority: 110, capabilities: ['ship', 'receive_returns'], address: { line1: 'Gelderd Road', city: 'Leeds', postal_code: 'LS12 6LT', country: 'GB', latitude: 53.784, longitude: -1.588 } },
  { code: 'bristol-store', name: 'Bristol store', kind: 'store', weight: 15, priority: 200, capabilities: ['ship', 'pickup', 'receive_returns'], address: { line1: '12 Park Street', city: 'Bristol', postal_code: 'BS1 5HS', country: 'GB', latitude: 51.454, longitude: -2.601 } },
]
