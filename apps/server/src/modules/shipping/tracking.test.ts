import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { unreachableStates } from '../../kernel/machine.ts'
import { decideTrackingEvent, makeTrackingNumber, parseTrackingNumber, shipmentMachine, type TrackedShipment, type TrackingEvent, type TrackingStatus } from './tracking.ts'

const sequences = fc.bigInt({ min: 0n, max: 99_999_999_999n })

test('a tracking number holds its sequence, however it is written', () => {
  expect(makeTrackingNumber(1234n)).toMatch(/^SY00000001234\d$/)
  fc.assert(fc.property(sequences, (sequence) => {
    const number = makeTrackingNumber(sequence)
    expect(number).toMatch(/^SY\d{12}$/)
    expect(parseTrackingNumber(number)).toBe(sequence)
    expect(parseTrackingNumber(` ${number.toLowerCase().slice(0, 6)} ${number.slice(6)}`)).toBe(sequence)
  }))
})

test('one wrong digit or two swapped neighbors never pass', () => {
  fc.assert(fc.property(sequences, fc.integer({ min: 2, max: 13 }), fc.integer({ min: 1, max: 9 }), (sequence, at, shift) => {
    const number = makeTrackingNumber(sequence)
    const wrong = number.slice(0, at) + ((Number(number[at]) + shift) % 10) + number.slice(at + 1)
    expect(parseTrackingNumber(wrong)).toBeUndefined()
    const swapped = number.slice(0, at) + (number[at + 1] ?? '') + number[at]! + number.slice(at + 2)
    if (swapped !== number) expect(parseTrackingNumber(swapped)).toBeUndefined()
  }))
  for (const text of ['', 'SY', '000000012344', 'SX000000012344', 'SY00000001234']) expect(parseTrackingNumber(text)).toBeUndefined()
})

test('every state is reached', () => {
  expect(unreachableStates(shipmentMachine)).toEqual([])
})

const at = (minute: number): Date => new Date(Date.UTC(2026, 2, 4, 10, minute))
const event = (status: TrackingStatus, minute: number): TrackingEvent => ({ status, occurred_at: at(minute) })
const shipment = (status: TrackedShipment['status'], minute = 10): TrackedShipment => ({ status, last_event_at: at(minute) })

test('events move a shipment forward', () => {
  expect(decideTrackingEvent({ status: 'label_purchased', last_event_at: null }, event('in_transit', 1))).toEqual({ next: 'in_transit', last_event_at: at(1), action: 'depart' })
  expect(decideTrackingEvent(shipment('label_purchased'), event('delivered', 20))).toMatchObject({ next: 'delivered' })
  expect(decideTrackingEvent(shipment('out_for_delivery'), event('attempted', 20))).toMatchObject({ next: 'attempted' })
  expect(decideTrackingEvent(shipment('attempted'), event('in_transit', 20))).toMatchObject({ next: 'in_transit' })
  expect(decideTrackingEvent(shipment('failed'), event('returned_to_sender', 20))).toMatchObject({ next: 'returned_to_sender' })
})

test('events that would move it backward are ignored', () => {
  expect(decideTrackingEvent(shipment('in_transit'), event('in_transit', 20))).toEqual({ ignored: 'repeated' })
  expect(decideTrackingEvent(shipment('out_for_delivery'), event('in_transit', 20))).toEqual({ ignored: 'backward' })
  expect(decideTrackingEvent(shipment('out_for_delivery'), event('delayed', 5))).toEqual({ ignored: 'late' })
  expect(decideTrackingEvent(shipment('delivered'), event('in_transit', 20))).toEqual({ ignored: 'final' })
  expect(decideTrackingEvent(shipment('lost'), event('delivered', 20))).toEqual({ ignored: 'final' })
  expect(decideTrackingEvent(shipment('pending'), event('in_transit', 20))).toEqual({ ignored: 'not_handed_over' })
  expect(decideTrackingEvent(shipment('voided'), event('delivered', 20))).toEqual({ ignored: 'not_handed_over' })
})

test('final news counts however late it comes, and does not turn back the clock', () => {
  expect(decideTrackingEvent(shipment('delayed', 10), event('delivered', 5))).toEqual({ next: 'delivered', last_event_at: at(10), action: 'deliver' })
})

test('in any order, a delivered parcel ends as delivered and nothing leaves a final state', () => {
  const moving = fc.record({ status: fc.constantFrom<TrackingStatus>('in_transit', 'out_for_delivery', 'delayed', 'attempted'), minute: fc.nat(60) })
  fc.assert(fc.property(fc.array(moving), fc.nat(), (events, position) => {
    const all = events.map(({ status, minute }) => event(status, minute))
    all.splice(position % (all.length + 1), 0, event('delivered', 30))
    let state: TrackedShipment = { status: 'label_purchased', last_event_at: null }
    for (const each of all) {
      const decision = decideTrackingEvent(state, each)
      if ('ignored' in decision) continue
      expect(state.status).not.toBe('delivered')
      state = { status: decision.next, last_event_at: decision.last_event_at }
    }
    expect(state.status).toBe('delivered')
  }))
})
