import type { Address } from '../../platform/http/schemas.ts'
import { cleanLine, findUnspellable } from './transliterate.ts'

/** An address as it is printed. `lines` are street lines in order; `country` is ISO 3166-1 alpha-2. */
export type PrintedAddress = {
  name: string
  company: string | null
  lines: readonly string[]
  city: string
  region: string | null
  postal_code: string | null
  country: string
  phone: string | null
}

export type AddressBlock = {
  name: string
  /** Company and street. */
  lines: string[]
  /** City and postal code, in the order that the country's post reads; the last thing a sorter looks at. */
  locality: string[]
  /** In English, as the Universal Postal Union asks; absent within the country of origin. */
  country_name?: string
}

/** What of an address some label would show as a mark of what is missing only: letters that have no Latin spelling here. */
export function unprintableCharacters({ name, company, line1, line2, city, region, postal_code, phone }: Address): string[] {
  return findUnspellable([name, company, line1, line2, city, region, postal_code, phone].filter((part) => part !== undefined).join(' '))
}

const COUNTRY_NAMES = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' })

export function nameCountry(country: string): string {
  return /^[A-Za-z]{2}$/.test(country) ? (COUNTRY_NAMES.of(country.toUpperCase()) ?? country) : cleanLine(country)
}

// City, region and postal code share a line in that order; elsewhere the postal code comes first or alone.
const CODE_LAST = new Set(['US', 'CA', 'AU', 'NZ', 'IN', 'BR', 'MX', 'TW'])
const CODE_BELOW = new Set(['GB', 'IE', 'GG', 'JE', 'IM', 'GI', 'ZA', 'HK', 'SG'])

/** The lines of an address, empty ones left out. `origin_country` is where the parcel starts. */
export function composeAddress(address: PrintedAddress, origin_country: string): AddressBlock {
  const country = address.country.toUpperCase()
  const city = cleanLine(address.city)
  const region = cleanLine(address.region ?? '')
  const code = cleanLine(address.postal_code ?? '').toUpperCase()
  const name = cleanLine(address.name)
  const lines = [address.company ?? '', ...address.lines].map(cleanLine).filter((line) => line !== '' && line !== name)
  const block: AddressBlock = { name, lines, locality: composeLocality(country, city, region, code).filter((line) => line !== '') }
  if (country !== origin_country.toUpperCase()) block.country_name = nameCountry(country).toUpperCase()
  return block
}

function composeLocality(country: string, city: string, region: string, code: string): string[] {
  const join = (parts: string[], separator: string): string => parts.filter((part) => part !== '').join(separator)
  if (CODE_LAST.has(country)) return [join([join([city, region], ', '), code], ' ')]
  if (CODE_BELOW.has(country)) return [join([city, region === city ? '' : region], ', '), code]
  return [join([join([code, city], ' '), region === city ? '' : region], ', ')]
}
