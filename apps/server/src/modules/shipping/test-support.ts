import { inflateSync } from 'node:zlib'
import type { PrintedAddress } from './address.ts'
import type { Label } from './label.ts'
import type { PackingSlip } from './packing-slip.ts'

/** Samples and a reader of our own PDFs, for the tests of this folder. */

export function countPages(pdf: Uint8Array): number {
  return Buffer.from(pdf).toString('latin1').match(/\/Type \/Page\b(?!s)/g)?.length ?? 0
}

/** The text of a PDF set in Helvetica, one line for each piece, in the order of drawing. */
export function readPdfText(pdf: Uint8Array): string {
  const file = Buffer.from(pdf)
  const text = file.toString('latin1')
  const lines: string[] = []
  for (const match of text.matchAll(/\/Filter \/FlateDecode\n>>\nstream\n/g)) {
    const start = match.index + match[0].length
    const content = inflateSync(file.subarray(start, text.indexOf('\nendstream', start))).toString('latin1')
    for (const [, pieces] of content.matchAll(/\[([^\]]*)\] TJ/g)) {
      lines.push(Array.from(pieces!.matchAll(/<([0-9a-f]*)>/g), ([, hex]) => Buffer.from(hex!, 'hex').toString('latin1')).join(''))
    }
  }
  return lines.join('\n')
}

export const LEEDS: PrintedAddress = {
  name: 'Amelia Clarke', company: null, lines: ['17 Mill Lane'], city: 'Leeds', region: null, postal_code: 'ls6 2ab', country: 'GB', phone: null,
}
export const ATHENS: PrintedAddress = {
  name: 'Ελευθερία Παπαδοπούλου', company: 'Βιβλιοπωλείο «Η Πολιτεία»', lines: ['Λεωφόρος Βασιλίσσης Σοφίας 115', '3ος όροφος'],
  city: 'Αθήνα', region: 'Αττική', postal_code: '115 21', country: 'GR', phone: null,
}

export const LABEL: Label = {
  carrier_name: 'Switchyard Delivery', service_name: 'Next Day', from: { ...LEEDS, name: 'Harbour & Pine' }, to: LEEDS, weight_grams: 1240,
  package_number: 1, package_count: 2, tracking_number: 'SY000000012344', order_number: 'WEB-100234', references: ['PO 4711'],
  routing_zone: 'Z3', ship_date: '2026-03-04', note: null, created_at: new Date('2026-03-04T10:00:00Z'),
}

export function makeSlip(line_count: number, change: Partial<PackingSlip> = {}): PackingSlip {
  return {
    brand_name: 'Harbour & Pine', brand_lines: ['harbourandpine.example'], order_number: 'WEB-100234', order_date: '2026-03-02', ship_date: '2026-03-04',
    channel_name: 'Web store', origin_country: 'GB', ship_to: LEEDS, package: null, gift_note: null, customer_note: null, returns_hint: null,
    created_at: new Date('2026-03-04T10:00:00Z'),
    lines: Array.from({ length: line_count }, (_, index) => ({
      sku: `SKU-${index + 1}`, description: `Article ${index + 1}`, quantity_ordered: 2, quantity_in_package: 2, quantity_to_follow: 0,
    })),
    ...change,
  }
}
