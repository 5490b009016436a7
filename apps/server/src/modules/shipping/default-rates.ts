import type { RateTable } from './rates.ts'

/**
 * The table a new installation starts with: a retailer in Great Britain. The amounts are in pence and stand near the
 * public parcel prices of 2025, so that demonstrations look right; no carrier charges exactly these.
 */
export const DEFAULT_RATE_TABLE: RateTable = {
  currency: 'GBP',
  origin_country: 'GB',
  zones: [
    { code: 'L', name: 'Local, up to 40 km' },
    { code: 'R', name: 'Regional, up to 150 km' },
    { code: 'N', name: 'National' },
    { code: 'H', name: 'Highlands, islands and Northern Ireland' },
    { code: 'E1', name: 'Near Europe' },
    { code: 'E2', name: 'European Union' },
    { code: 'E3', name: 'Rest of Europe' },
    { code: 'W1', name: 'North America' },
    { code: 'W2', name: 'Rest of the world' },
  ],
  distance_bands: [
    { max_km: 40, zone: 'L' },
    { max_km: 150, zone: 'R' },
    { max_km: 480, zone: 'N' },
    // From the south of England to Shetland in a straight line is below 1,200 km.
    { max_km: 1200, zone: 'H' },
  ],
  country_groups: [
    { zone: 'N', countries: ['IM', 'JE', 'GG'] },
    { zone: 'E1', countries: ['IE', 'FR', 'BE', 'NL', 'LU', 'DE'] },
    { zone: 'E2', countries: ['AT', 'BG', 'HR', 'CY', 'CZ', 'DK', 'EE', 'ES', 'FI', 'GR', 'HU', 'IT', 'LT', 'LV', 'MT', 'PL', 'PT', 'RO', 'SE', 'SI', 'SK'] },
    { zone: 'E3', countries: ['AD', 'AL', 'BA', 'CH', 'FO', 'GI', 'IS', 'LI', 'MC', 'MD', 'ME', 'MK', 'NO', 'RS', 'SM', 'TR', 'UA', 'VA', 'XK'] },
    { zone: 'W1', countries: ['US', 'CA', 'MX'] },
    { zone: 'W2', countries: ['*'] },
  ],
  weight_steps: [
    { max_grams: 1_000, amounts: { L: 295, R: 345, N: 399, H: 650, E1: 995, E2: 1150, E3: 1395, W1: 1595, W2: 1795 } },
    { max_grams: 2_000, amounts: { L: 345, R: 395, N: 459, H: 750, E1: 1195, E2: 1395, E3: 1695, W1: 2195, W2: 2495 } },
    { max_grams: 5_000, amounts: { L: 445, R: 525, N: 625, H: 995, E1: 1595, E2: 1895, E3: 2395, W1: 3795, W2: 4395 } },
    { max_grams: 10_000, amounts: { L: 595, R: 695, N: 845, H: 1395, E1: 2195, E2: 2695, E3: 3395, W1: 6495, W2: 7595 } },
    { max_grams: 20_000, amounts: { L: 795, R: 945, N: 1195, H: 1995, E1: 3195, E2: 3995, E3: 5195, W1: 11_495, W2: 13_495 } },
    { max_grams: 30_000, amounts: { L: 995, R: 1245, N: 1595, H: 2795, E1: 4395, E2: 5495, E3: 7195, W1: 16_995, W2: 19_995 } },
  ],
  dimensional_divisor: 5000,
  max_weight_grams: 30_000,
  services: [
    {
      code: 'economy', name: 'Economy', factor_percent: 85, weight_steps: null,
      transit_days: {
        L: { min: 2, max: 3 }, R: { min: 2, max: 4 }, N: { min: 3, max: 5 }, H: { min: 4, max: 7 },
        E1: { min: 5, max: 8 }, E2: { min: 6, max: 10 }, E3: { min: 8, max: 14 }, W1: { min: 8, max: 15 }, W2: { min: 10, max: 21 },
      },
    },
    {
      code: 'standard', name: 'Standard', factor_percent: 100, weight_steps: null,
      transit_days: {
        L: { min: 1, max: 2 }, R: { min: 1, max: 2 }, N: { min: 2, max: 3 }, H: { min: 3, max: 5 },
        E1: { min: 3, max: 5 }, E2: { min: 4, max: 6 }, E3: { min: 5, max: 8 }, W1: { min: 5, max: 8 }, W2: { min: 6, max: 12 },
      },
    },
    {
      code: 'next_day', name: 'Next Day', factor_percent: 160, weight_steps: null,
      transit_days: { L: { min: 1, max: 1 }, R: { min: 1, max: 1 }, N: { min: 1, max: 1 } },
    },
    {
      code: 'same_day', name: 'Same Day', factor_percent: 100, transit_days: { L: { min: 0, max: 0 } },
      weight_steps: [
        { max_grams: 5_000, amounts: { L: 995 } },
        { max_grams: 30_000, amounts: { L: 1495 } },
      ],
    },
  ],
}
