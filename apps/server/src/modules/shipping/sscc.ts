import { assert } from '../../kernel/assert.ts'
import { gs1CheckDigit } from '../../kernel/gtin.ts'

/** An SSCC (18 digits): extension digit, GS1 company prefix, serial number, check digit. */
export function makeSscc(extension_digit: number, company_prefix: string, serial: bigint): string {
  assert(Number.isInteger(extension_digit) && extension_digit >= 0 && extension_digit <= 9, 'an SSCC extension is one digit')
  assert(/^\d{4,12}$/.test(company_prefix), 'a GS1 company prefix has 4 to 12 digits')
  const room = 16 - company_prefix.length
  const number = serial.toString()
  assert(serial >= 0n && number.length <= room, `the SSCC serial number fits ${room} digits`)
  const body = `${extension_digit}${company_prefix}${number.padStart(room, '0')}`
  return `${body}${gs1CheckDigit(body)}`
}

export function isSscc(text: string): boolean {
  return /^\d{18}$/.test(text) && gs1CheckDigit(text.slice(0, -1)) === Number(text.at(-1))
}
