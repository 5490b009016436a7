import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_RATE_TABLE } from './default-rates.ts'
import { chooseService, planParcels, priceShipment, routeBetween } from './price-shipment.ts'

const box = (weight_grams: number) => ({ weight_grams, length_mm: null, width_mm: null, height_mm: null })

describe('boxes that nobody packed by hand', () => {
  test('hold every unit once, each within the weight unless one unit alone is heavier', () => {
    const units = fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 60 }), weight_grams: fc.nat(9_000) }), { minLength: 1, maxLength: 6 })
    fc.assert(fc.property(units, (lines) => {
      const wanted = lines.map((line, index) => ({ order_line_id: `l${index}`, ...line }))
      const parcels = planParcels(wanted, 20_000)
      for (const { order_line_id, quantity } of wanted) {
        const packed = parcels.flatMap((parcel) => parcel.lines.filter((line) => line.order_line_id === order_line_id))
        expect(packed.reduce((sum, line) => sum + line.quantity, 0)).toBe(quantity)
        for (const parcel of parcels) expect(parcel.lines.filter((line) => line.order_line_id === order_line_id).length).toBeLessThanOrEqual(1)
      }
      // The last of a hundred boxes takes what is left; below that every box is within the limit.
      for (const parcel of parcels.slice(0, 99)) expect(parcel.weight_grams).toBeLessThanOrEqual(20_000)
      expect(parcels.every((parcel) => parcel.lines.length > 0)).toBe(true)
    }))
  })

  test('a unit beyond the limit has a box of its own', () => {
    expect(planParcels([{ order_line_id: 'a', quantity: 2, weight_grams: 40_000 }], 30_000).map(({ weight_grams }) => weight_grams)).toEqual([40_000, 40_000])
  })
})

describe('the price of a shipment', () => {
  test('is that of its boxes together; an unknown distance is priced as the farthest that the service goes', () => {
    const near = priceShipment(DEFAULT_RATE_TABLE, 'standard', { country: 'GB', distance_km: 20 }, [box(500), box(1_500)])
    expect(near).toMatchObject({ outcome: 'priced', cost: 295n + 345n, zone: 'L', currency: 'GBP' })
    expect(priceShipment(DEFAULT_RATE_TABLE, 'standard', { country: 'GB', distance_km: null }, [box(500)])).toMatchObject({ zone: 'H', cost: 650n })
    expect(priceShipment(DEFAULT_RATE_TABLE, 'next_day', { country: 'GB', distance_km: null }, [box(500)])).toMatchObject({ zone: 'N' })
    expect(priceShipment(DEFAULT_RATE_TABLE, 'next_day', { country: 'GB', distance_km: 1_000 }, [box(500)])).toMatchObject({ outcome: 'refused', code: 'service_not_in_zone' })
  })

  test('knows the services by the names that channels use', () => {
    expect(['next-day', 'economy', 'drone'].map((method) => chooseService(DEFAULT_RATE_TABLE, method))).toEqual(['next_day', 'economy', 'standard'])
  })

  test('needs coordinates on both sides for a distance', () => {
    expect(routeBetween({ latitude: 53.8, longitude: -1.55 }, { country: 'GB' })).toEqual({ country: 'GB', distance_km: null })
    expect(routeBetween({ latitude: 53.8, longitude: -1.55 }, { country: 'GB', latitude: 53.99, longitude: -1.54 }).distance_km).toBeCloseTo(21, 0)
  })
})
