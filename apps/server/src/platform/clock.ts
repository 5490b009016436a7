/** Where `now` comes from. The argument is the database's clock, the one clock all processes share. */
export type Clock = { now: (databaseNow: Date) => Date }

export const DATABASE_CLOCK: Clock = { now: (databaseNow) => databaseNow }

/** A clock that tests and sandboxes set and advance by hand. */
export type ManualClock = Clock & { set: (instant: Date) => void; advance: (ms: number) => void; current: () => Date }

export function manualClock(start: Date): ManualClock {
  let current = start
  return {
    now: () => current,
    current: () => current,
    set: (instant) => { current = instant },
    advance: (ms) => { current = new Date(current.getTime() + ms) },
  }
}
