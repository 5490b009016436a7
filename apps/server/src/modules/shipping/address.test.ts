import { expect, test } from 'vitest'
import { composeAddress } from './address.ts'
import { ATHENS, LEEDS } from './test-support.ts'

test('each country has its city line', () => {
  expect(composeAddress(LEEDS, 'GB')).toEqual({ name: 'Amelia Clarke', lines: ['17 Mill Lane'], locality: ['Leeds', 'LS6 2AB'] })
  expect(composeAddress(ATHENS, 'GB')).toMatchObject({ locality: ['115 21 Αθήνα, Αττική'], country_name: 'GREECE' })
  const capital = { ...LEEDS, city: 'Washington', region: 'DC', postal_code: '20500', country: 'US' }
  expect(composeAddress(capital, 'US').locality).toEqual(['Washington, DC 20500'])
})

test('empty lines and a company that repeats the name are left out', () => {
  const address = { ...LEEDS, company: 'Amelia  Clarke', lines: ['', ' ', '17 Mill Lane\n'], postal_code: null, country: '??' }
  expect(composeAddress(address, 'GB')).toEqual({ name: 'Amelia Clarke', lines: ['17 Mill Lane'], locality: ['Leeds'], country_name: '??' })
})
