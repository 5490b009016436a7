import { assert } from '../../kernel/assert.ts'
import { machine } from '../../kernel/machine.ts'

/**
 * In-house tracking numbers: `SY`, eleven digits of a sequence, one Damm check digit: `SY000000012344`. Twelve digits
 * in all, because Code 128 packs them in pairs. Damm's digit finds every wrong digit and every swap of neighbors,
 * the two mistakes of people who type; the GS1 digit misses some swaps.
 */
const PREFIX = 'SY'
const SEQUENCE_DIGITS = 11
const MAX_SEQUENCE = 99_999_999_999n

// The quasigroup of order 10 from H. Michael Damm's dissertation (2004): row is the interim digit, column the next one.
const DAMM = ['0317598642', '7092154863', '4206871359', '1750983426', '6123045978', '3674209581', '5869720134', '8945362017', '9438617205', '2581436790']

function dammDigit(digits: string): number {
  let interim = 0
  for (const digit of digits) interim = Number(DAMM[interim]![Number(digit)]!)
  return interim
}

/** The tracking number of a sequence number. */
export function makeTrackingNumber(sequence: bigint): string {
  assert(sequence >= 0n && sequence <= MAX_SEQUENCE, 'a tracking sequence has up to eleven digits')
  const digits = sequence.toString().padStart(SEQUENCE_DIGITS, '0')
  return `${PREFIX}${digits}${dammDigit(digits)}`
}

/** The sequence number behind what someone typed or scanned (any case, spaces and hyphens ignored); undefined where it is no such number. */
export function parseTrackingNumber(text: string): bigint | undefined {
  const match = /^SY(\d{12})$/.exec(text.replaceAll(/[\s-]/g, '').toUpperCase())
  // The Damm digit of digits that include their check digit is 0.
  if (match === null || dammDigit(match[1]!) !== 0) return undefined
  return BigInt(match[1]!.slice(0, SEQUENCE_DIGITS))
}

export const SHIPMENT_STATES = [
  'pending', 'label_purchased', 'voided', 'in_transit', 'out_for_delivery', 'delayed', 'attempted', 'delivered', 'failed', 'returned_to_sender', 'lost',
] as const
export type ShipmentStatus = (typeof SHIPMENT_STATES)[number]

/** On its way: a later scan may put it into any of these. */
const MOVING = ['in_transit', 'out_for_delivery', 'delayed', 'attempted'] as const
/** Carriers leave scans out: a parcel may be delivered of which nothing was heard since its label. */
const HANDED_OVER = ['label_purchased', ...MOVING] as const

export type ShipmentAction = 'purchase_label' | 'void_label' | 'depart' | 'go_out' | 'delay' | 'attempt' | 'deliver' | 'fail' | 'return_to_sender' | 'lose'

/** The life of a shipment. `out_for_delivery` does not lead back to `in_transit` directly: only a delay or an attempt does. */
export const shipmentMachine = machine<ShipmentStatus, ShipmentAction>({
  name: 'shipment',
  initial: 'pending',
  states: SHIPMENT_STATES,
  actions: {
    purchase_label: { from: ['pending'], to: 'label_purchased' },
    void_label: { from: ['label_purchased'], to: 'voided' },
    depart: { from: ['label_purchased', 'delayed', 'attempted'], to: 'in_transit' },
    go_out: { from: ['label_purchased', 'in_transit', 'delayed', 'attempted'], to: 'out_for_delivery' },
    delay: { from: ['label_purchased', 'in_transit', 'out_for_delivery', 'attempted'], to: 'delayed' },
    attempt: { from: ['label_purchased', 'in_transit', 'out_for_delivery', 'delayed'], to: 'attempted' },
    deliver: { from: HANDED_OVER, to: 'delivered' },
    fail: { from: HANDED_OVER, to: 'failed' },
    return_to_sender: { from: [...HANDED_OVER, 'failed'], to: 'returned_to_sender' },
    lose: { from: [...HANDED_OVER, 'failed'], to: 'lost' },
  },
})

/** What a carrier can report, in our words. */
export type TrackingStatus = Exclude<ShipmentStatus, 'pending' | 'label_purchased' | 'voided'>

const ACTION_OF: Readonly<Record<TrackingStatus, ShipmentAction>> = {
  in_transit: 'depart',
  out_for_delivery: 'go_out',
  delayed: 'delay',
  attempted: 'attempt',
  delivered: 'deliver',
  failed: 'fail',
  returned_to_sender: 'return_to_sender',
  lost: 'lose',
}

const FINAL: ReadonlySet<ShipmentStatus> = new Set(['voided', 'delivered', 'returned_to_sender', 'lost'])

export type TrackingEvent = { status: TrackingStatus; occurred_at: Date }

/** The shipment as tracking sees it; `last_event_at` is the time of the last event that moved it. */
export type TrackedShipment = { status: ShipmentStatus; last_event_at: Date | null }

export type IgnoreReason =
  /** No label yet, or a voided one: the event belongs to another parcel or another system. */
  | 'not_handed_over'
  /** Nothing follows; a parcel reported as delivered after it was lost is for a person to look at. */
  | 'final'
  | 'repeated'
  /** It happened before what we know. */
  | 'late'
  | 'backward'

export type TrackingDecision = { next: ShipmentStatus; last_event_at: Date; action: ShipmentAction } | { ignored: IgnoreReason }

/**
 * Whether a carrier's event moves the shipment. Events come twice, late and out of order, and a status never moves
 * backward: what is final stays, an older scan does not undo a newer one, and `out_for_delivery` does not fall back to
 * `in_transit`. Final news is taken however late it comes: nothing that happened before can make it wrong.
 */
export function decideTrackingEvent(shipment: TrackedShipment, event: TrackingEvent): TrackingDecision {
  const { status, last_event_at } = shipment
  if (status === 'pending' || status === 'voided') return { ignored: 'not_handed_over' }
  if (event.status === status) return { ignored: 'repeated' }
  if (FINAL.has(status)) return { ignored: 'final' }
  const action = ACTION_OF[event.status]
  const older = last_event_at !== null && event.occurred_at.getTime() < last_event_at.getTime()
  if (older && !FINAL.has(event.status)) return { ignored: 'late' }
  if (!shipmentMachine.can(action, status)) return { ignored: 'backward' }
  return { next: shipmentMachine.next(action, status), last_event_at: older ? last_event_at : event.occurred_at, action }
}
