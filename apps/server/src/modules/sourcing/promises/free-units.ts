import type { Channel } from '../../channels/index.ts'
import { servesChannel } from '../order-view.ts'
import type { Article, PromiseWorld } from '../queries/promise-world.ts'
import { takeSupplies, type SupplyUnits } from '../supplies.ts'

type Selling = Pick<Channel, 'group_ids' | 'stock_buffer'>

/** Units beyond the channel's buffer and those that wait, at all places that serve it; below zero where more is owed than is there. */
export function freeUnits({ locations }: PromiseWorld, { sellable, queued }: Article, { group_ids, stock_buffer }: Selling): number {
  const there = sellable.reduce((sum, { location_id, available }) => {
    const location = locations.get(location_id)
    const serves = location !== undefined && (location.capabilities.includes('ship') || location.capabilities.includes('pickup')) && servesChannel(group_ids, location.group_ids)
    return serves ? sum + available : sum
  }, 0)
  return there - stock_buffer - queued
}

/** What is on its way to places that serve the channel, without what will go to those who wait already. The caller may use it up. */
export function freeSupplies(world: PromiseWorld, article: Article, channel: Selling): SupplyUnits[] {
  const supplies = article.inbound.flatMap((supply) => {
    const location = world.locations.get(supply.location_id)
    return location !== undefined && servesChannel(channel.group_ids, location.group_ids) ? [{ ...supply }] : []
  })
  takeSupplies(supplies, Math.max(0, -freeUnits(world, article, channel)), () => true)
  return supplies
}
