import { randomInt } from 'node:crypto'
import { present } from '../../kernel/assert.ts'
import { newId } from '../../kernel/ids.ts'
import { Refusal } from '../../kernel/problem.ts'
import { groupByKey } from '../../kernel/quantity.ts'
import type { Caller } from '../../platform/caller.ts'
import type { Tx } from '../../platform/db.ts'
import { findLocations, type Location } from '../locations/index.ts'
import { findRateTable, findShipmentsOfFulfillmentOrders, IN_HOUSE, packagesOfShipments, type RateTable } from '../shipping/index.ts'
import { record, tell, type Journal } from './journal.ts'
import { decidePack, type PackRequest } from './pack.ts'
import { showUnits } from './release.ts'
import {
  decideAccept, decideHandOver, decidePick, decideReady, decideReject, decideShip, decideUnpack, type Change, type PickRequest, type RejectRequest, type WorkOrder,
} from './work.ts'

/**
 * Something people do with fulfillment orders, one or hundreds at a time: `prepare` reads what all decisions of the batch
 * need, `decide` takes one decision into the journal or answers why not. Writing is the journal's.
 */
export type Verb<Input, Facts = void> = {
  prepare: (tx: Tx, works: readonly WorkOrder[]) => Promise<Facts>
  decide: (journal: Journal, work: WorkOrder, input: Input, facts: Facts, caller: Caller) => Refusal | undefined
}

const nothing = async (): Promise<void> => undefined

function take(journal: Journal, work: WorkOrder, change: Change | Refusal, then: (after: WorkOrder) => void): Refusal | undefined {
  if (change instanceof Refusal) return change
  then(record(journal, work, change))
  return undefined
}

export const ACCEPT: Verb<object> = {
  prepare: nothing,
  decide: (journal, work, _input, _facts, caller) => {
    const user_id = caller.kind === 'user' ? caller.id : null
    return take(journal, work, decideAccept(work, journal.at, user_id), (after) => { tell(journal, after, 'accepted') })
  },
}

export const PICK: Verb<PickRequest> = {
  prepare: nothing,
  decide: (journal, work, input) => {
    const change = decidePick(work, input, journal.at)
    return take(journal, work, change, (after) => {
      const picked = change instanceof Refusal ? [] : (change.moves ?? []).filter(({ to }) => to === 'picked')
      if (picked.length > 0) tell(journal, after, 'picked', { lines: showUnits(picked) })
      if (after.status === 'rejected') tell(journal, after, 'rejected')
    })
  },
}

export const REJECT: Verb<RejectRequest> = {
  prepare: nothing,
  decide: (journal, work, input) => take(journal, work, decideReject(work, input, journal.at), (after) => {
    if (after.status === 'rejected') tell(journal, after, 'rejected', { reason: input.reason })
  }),
}

type PackingFacts = { table: RateTable; locations: Map<string, Location> }

export const PACK: Verb<PackRequest, PackingFacts> = {
  prepare: async (tx, works) => ({
    table: present(await findRateTable(tx, IN_HOUSE), 'the in-house carrier has a rate table').definition,
    locations: await findLocations(tx, [...new Set(works.map(({ location_id }) => location_id))]),
  }),
  decide: (journal, work, input, { table, locations }) => {
    const facts = { table, location: present(locations.get(work.location_id), 'locations stay'), order: present(journal.orders.get(work.order_id), 'the order is locked') }
    const packing = decidePack(work, input, facts, journal.at)
    if (packing instanceof Refusal) return packing
    const after = record(journal, work, packing.change)
    if (packing.shipment !== null) journal.shipments.set(work.id, { id: newId(journal.at.getTime()), ...packing.shipment })
    tell(journal, after, 'packed', { packages: packing.shipment?.packages.length ?? 0 })
    return undefined
  },
}

type Departures = Map<string, Journal['departing']>

/** The shipments of these fulfillment orders that have labels and have not left. */
async function departuresOf(tx: Tx, works: readonly WorkOrder[]): Promise<Departures> {
  const shipments = (await findShipmentsOfFulfillmentOrders(tx, works.map(({ id }) => id))).filter(({ status }) => status === 'label_purchased')
  if (shipments.length === 0) return new Map()
  const packages = groupByKey(await packagesOfShipments(tx, shipments.map(({ id }) => id)), ({ shipment_id }) => shipment_id)
  return groupByKey(shipments.map((shipment) => ({ ...shipment, packages: packages.get(shipment.id) ?? [] })), ({ fulfillment_order_id }) => fulfillment_order_id)
}

export const UNPACK: Verb<object, Departures> = {
  prepare: departuresOf,
  decide: (journal, work, _input, departures) => take(journal, work, decideUnpack(work), (after) => {
    journal.voided.push(...(departures.get(work.id) ?? []).map(({ id }) => id))
    tell(journal, after, 'unpacked')
  }),
}

export const SHIP: Verb<object, Departures> = {
  prepare: departuresOf,
  decide: (journal, work, _input, departures) => take(journal, work, decideShip(work, journal.at), (after) => {
    journal.departing.push(...(departures.get(work.id) ?? []))
    tell(journal, after, 'shipped')
  }),
}

const CODE_RANGE = 1_000_000

export const READY: Verb<object> = {
  prepare: nothing,
  decide: (journal, work) => {
    const pickup_code = String(randomInt(CODE_RANGE)).padStart(6, '0')
    return take(journal, work, decideReady(work, journal.at, pickup_code), (after) => {
      // The customer's message is made from this event; staff do not see the code on their screens, or it would prove nothing.
      tell(journal, after, 'ready_for_pickup', { pickup_code, ready_until: after.ready_until!.toISOString() })
    })
  },
}

export const HAND_OVER: Verb<{ code: string }> = {
  prepare: nothing,
  decide: (journal, work, { code }) => take(journal, work, decideHandOver(work, code, journal.at), (after) => { tell(journal, after, 'picked_up', { proof: 'pickup_code' }) }),
}
