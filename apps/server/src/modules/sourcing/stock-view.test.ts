import { describe, expect, it } from 'vitest'
import { levelsOf } from './fixtures.ts'
import { copyStockView, createStockView, giveBackStock, sellableAt, snapshotStock, takeStock } from './stock-view.ts'

describe('a stock view', () => {
  it('sells what is above safety stock, never less than nothing', () => {
    const level = { variant_id: 'mug', location_id: 'a', daily_demand: null }
    expect(sellableAt(createStockView([{ ...level, available: 5, safety_stock: 2 }]), 'mug', 'a')).toBe(3)
    expect(sellableAt(createStockView([{ ...level, available: 1, safety_stock: 2 }]), 'mug', 'a')).toBe(0)
    expect(sellableAt(createStockView([]), 'mug', 'a')).toBe(0)
  })

  it('takes and gives back, and refuses to take what is not there', () => {
    const stock = createStockView(levelsOf({ A: { mug: 2 }, B: { plate: 1 } }))
    const copy = copyStockView(stock)
    takeStock(stock, 'mug', 'id-A', 2)
    expect(snapshotStock(stock)).toEqual([{ variant_id: 'plate', location_id: 'id-B', sellable: 1 }])
    expect(() => takeStock(stock, 'mug', 'id-A', 1)).toThrow('no more units are taken than are sellable')
    expect(() => takeStock(stock, 'plate', 'id-B', 0.5)).toThrow('positive whole numbers')
    giveBackStock(stock, [{ variant_id: 'mug', location_id: 'id-A', quantity: 2 }])
    expect(stock).toEqual(copy)
  })
})
