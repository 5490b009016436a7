import { expect, test } from 'vitest'
import { crashCampaign } from './crash.ts'

/** The short form of `npm run campaign -- crash`. */
const SECONDS = 30

test('whatever is killed, everything acknowledged is there exactly once', { timeout: 300_000 }, async () => {
  const report = await crashCampaign({ seconds: SECONDS, seed: 1, say: () => undefined })
  expect(report.wrong).toEqual([])
  // A campaign that did no business and broke nothing proves nothing.
  expect(report.orders).toBeGreaterThan(0)
  expect(Object.keys(report.faults).length).toBeGreaterThan(0)
})
