export { departureInstant, isOpenAt, isWorkingDay, nextWorkingDays, releaseInstant, shipsOn, type WorkCalendar } from './calendar.ts'
export type { Location } from './location.ts'
export { findGroupsByCode } from './location-groups.db.ts'
export { findLocations, findLocationsByCode, loadLocations } from './locations.db.ts'
