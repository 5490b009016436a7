import { describe, expect, test } from 'vitest'
import { holdsCardNumber } from './card-number.ts'
import { tenderErrors } from './tender-input.ts'

describe('card numbers', () => {
  test.each(['4111111111111111', '4111 1111 1111 1111', 'card 5500-0000-0000-0004 please', '6304000000000000018'])('%s is one', (text) => { expect(holdsCardNumber(text)).toBe(true) })
  test.each(['4111111111111112', '411111111111', 'tok_4242', '', 'SW-100001', '12345678901234567890123'])('%s is none', (text) => { expect(holdsCardNumber(text)).toBe(false) })
})

test('every wrong field of a tender is named with its place', () => {
  const places = (input: Parameters<typeof tenderErrors>[0]) => tenderErrors(input, '/payments/0').map(({ pointer, code }) => `${pointer} ${code}`)
  expect(places({ tender: 'card' })).toEqual(['/payments/0/gateway required', '/payments/0/token required'])
  expect(places({ tender: 'card', gateway: 'nope', token: '4111111111111111' })).toEqual(['/payments/0/token card_number', '/payments/0/gateway unknown_gateway'])
  expect(places({ tender: 'card', gateway: 'test', already_captured: true })).toEqual(['/payments/0/reference required'])
  expect(places({ tender: 'cash', gateway: 'test' })).toEqual(['/payments/0/gateway not_allowed'])
  expect(places({ tender: 'external', reference: 'PP-1' })).toEqual([])
})
