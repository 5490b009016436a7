import { assert } from './assert.ts'

/** The GS1 check digit (modulo 10, weights 3 and 1 from the right) of GTINs, SSCCs and GLNs. `digits` comes without it. */
export function gs1CheckDigit(digits: string): number {
  assert(/^\d+$/.test(digits), 'a check digit is made from digits')
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const weight = (digits.length - i) % 2 === 1 ? 3 : 1
    sum += weight * (digits.charCodeAt(i) - 48)
  }
  return (10 - (sum % 10)) % 10
}

function hasCheckDigit(digits: string): boolean {
  return gs1CheckDigit(digits.slice(0, -1)) === Number(digits.at(-1))
}

/**
 * The 14 digits of a UPC-A, EAN-8, EAN-13 or ITF-14 number, so that one product has one key however it was scanned.
 * Spaces and hyphens are ignored. Undefined where the length or the check digit is wrong, and for zeros alone,
 * which files use as a placeholder. UPC-E is not told apart from EAN-8; scanners expand it.
 */
export function normalizeGtin(text: string): string | undefined {
  const digits = text.replaceAll(/[\s-]/g, '')
  if (!/^(\d{8}|\d{12,14})$/.test(digits) || /^0+$/.test(digits)) return undefined
  return hasCheckDigit(digits) ? digits.padStart(14, '0') : undefined
}

/** The number as it stands on the product: EAN-8 and EAN-13 without the leading zeros of GTIN-14. */
export function showGtin(gtin14: string): string {
  if (gtin14.startsWith('000000')) return gtin14.slice(6)
  return gtin14.startsWith('0') ? gtin14.slice(1) : gtin14
}
