import { territory } from './territory.ts'

/**
 * Criteria of your own: write one file here, name it in one of these tables. Its name is the `type` by which rules ask for
 * it. See docs/routing.md, "Writing a criterion".
 */
export const CUSTOM_CONDITIONS = {}
export const CUSTOM_FILTERS = { territory }
export const CUSTOM_RANKINGS = {}
