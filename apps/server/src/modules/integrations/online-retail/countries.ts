import { COUNTRIES } from '../../../kernel/country.ts'

/** Words of the file that the standard names differently. */
const ALIASES: Readonly<Record<string, string>> = {
  EIRE: 'IE', RSA: 'ZA', USA: 'US', UK: 'GB', UAE: 'AE', 'Czech Republic': 'CZ', 'Hong Kong': 'HK', Korea: 'KR', Turkey: 'TR',
}

const CODES = listCountries()

function listCountries(): ReadonlyMap<string, string> {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
  const named = COUNTRIES.flatMap((code): [string, string][] => {
    const name = names.of(code)
    return name === undefined ? [] : [[name.toLowerCase(), code]]
  })
  return new Map([...named, ...Object.entries(ALIASES).map(([name, code]): [string, string] => [name.toLowerCase(), code])])
}

/** The ISO 3166-1 code of a country's English name; null for `Unspecified`, `European Community`, `Channel Islands`. */
export function countryCode(name: string): string | null {
  return CODES.get(name.trim().toLowerCase()) ?? null
}
