import type { Mutant } from '../mutant.ts'

const PATHS = 'test/explorer/paths.test.ts'
const MOVEMENTS = 'src/modules/inventory/movements.test.ts'
const MODEL = 'src/modules/inventory/stock.model.test.ts'
const RESERVATIONS = 'src/modules/inventory/reservations.api.test.ts'
const STOCK = 'src/modules/inventory/stock.api.test.ts'
const SUPPLY = 'src/modules/inventory/supply.api.test.ts'
const CAPTURE = 'test/scenarios/order-capture.test.ts'

/** Balances, reservations, claims, counts and supplies. */
export const STOCK_MUTANTS: readonly Mutant[] = [
  {
    name: 'units that leave are no movement', identity: 'stock balances are the sums of their movements', file: 'src/modules/inventory/levels.db.ts',
    before: 'from ${rowsOf(entries, ENTRY_COLUMNS)} order by ordinal', after: 'from ${rowsOf(entries, ENTRY_COLUMNS)} where to_state is not null order by ordinal',
    tests: [STOCK],
  },
  {
    name: 'a balance is written and not added to', identity: 'stock balances are the sums of their movements', file: 'src/modules/inventory/levels.db.ts',
    before: '`${state} = l.${state} + input.${state},`', after: '`${state} = input.${state},`',
    tests: [STOCK],
  },
  {
    name: 'more is taken than is there', identity: 'no balance is below zero, and what is owed was promised', file: 'src/modules/inventory/movements.ts',
    before: '    if (level[state] < 0) shortages.push', after: '    if (level[state] < -1) shortages.push',
    tests: [MOVEMENTS],
  },
  {
    name: 'more is lost than was promised', identity: 'no balance is below zero, and what is owed was promised', file: 'src/modules/inventory/movements.ts',
    before: '    if (rest > promised) return', after: '    if (rest > promised + 1) return',
    tests: [MOVEMENTS, MODEL],
  },
  {
    name: 'a deficit outlives the promises', identity: 'no balance is below zero, and what is owed was promised', file: 'src/modules/inventory/movements.ts',
    before: '  if (trial.shortages.length === 0) settleFound(trial, write)\n  else undo(drafts, trial)', after: '  if (trial.shortages.length > 0) undo(drafts, trial)',
    tests: [MOVEMENTS, MODEL],
  },
  {
    name: 'units come in and pay no deficit back', identity: 'no balance is below zero, and what is owed was promised', file: 'src/modules/inventory/movements.ts',
    before: "  if (to_state === 'available') {\n    // Units that come in, or are no longer promised, first replace those that were counted away.\n    const owed = Math.min(level.deficit, quantity)", after: "  if (to_state === 'available') {\n    const owed = 0",
    tests: [MOVEMENTS],
  },
  {
    name: 'levels are read and not locked', identity: 'no unit is sold twice', file: 'src/modules/inventory/levels.db.ts',
    before: 'order by l.variant_id, l.location_id for no key update of l', after: 'order by l.variant_id, l.location_id',
    tests: [PATHS], only: 'reserve, reserve: the last unit',
  },
  {
    name: 'further levels are locked beside those held', identity: 'no unit is sold twice', file: 'src/modules/inventory/levels.db.ts',
    before: '  await tx.run(held.size === 0 ? sql`savepoint before_levels` : sql`rollback to savepoint before_levels`)\n  return lockLevels(tx, [...held.values(), ...missing], at)', after: '  const locked = await lockLevels(tx, missing, at)\n  return new Map([...held, ...locked])',
    tests: [PATHS], only: 'each of two locations',
  },
  {
    name: 'a reservation is planned on what was seen', identity: 'no unit is sold twice', file: 'src/modules/inventory/commands/reserve.ts',
    before: '    if (locked === levels) return { plans, levels }\n    levels = locked', after: '    if (locked === levels || round === 0) return { plans, levels: locked }\n    levels = locked',
    tests: [PATHS], only: 'reserve, reserve: the last unit',
  },
  {
    name: 'a reservation takes the safety stock', identity: 'no unit is sold twice', file: 'src/modules/inventory/stock.ts',
    before: 'return Math.max(0, available - safety_stock)', after: 'return Math.max(0, available)',
    tests: ['src/modules/inventory/sellable.test.ts', RESERVATIONS],
  },
  {
    name: 'an order takes what it saw, whoever was faster', identity: 'no unit is sold twice', file: 'src/modules/sourcing/plan-stock.ts',
    before: '  return isThere(taken, locked) ? locked : undefined', after: '  return locked',
    tests: [PATHS], only: 'order, order: the last unit',
  },
  {
    name: 'an order plans on locked stock without looking at it', identity: 'no unit is sold twice', file: 'src/modules/sourcing/plan-stock.ts',
    before: '    if (isThere(taken, locked)) return { plans, locked }', after: '    return { plans, locked }',
    tests: [PATHS], only: 'source, reserve: the unit that came in',
  },
  {
    name: 'two lines of one SKU are not added up', identity: 'no unit is sold twice', file: 'src/modules/inventory/movements.ts',
    before: '    if (!trial.touched.has(key)) trial.touched.set(key, { draft, start: { available: draft.level.available, deficit: draft.level.deficit } })', after: '    trial.touched.set(key, { draft, start: { available: draft.level.available, deficit: draft.level.deficit } })',
    tests: [MOVEMENTS],
  },
  {
    name: 'only the first line of a reservation is given back', identity: 'reserved units are those of active reservations', file: 'src/modules/inventory/end-reservations.ts',
    before: 'movements: end.units.flatMap((units) => giveUp(units, end))', after: 'movements: end.units.slice(0, 1).flatMap((units) => giveUp(units, end))',
    tests: [RESERVATIONS],
  },
  {
    name: 'a reservation is ended without its lock', identity: 'reserved units are those of active reservations', file: 'src/modules/inventory/reservations.db.ts',
    before: 'order by r.id for no key update of r`)', after: 'order by r.id`)',
    tests: [PATHS], only: 'release, release: one reservation',
  },
  {
    name: 'an order keeps what it took and leaves the rest of its reservation', identity: 'reserved units are those of active reservations', file: 'src/modules/inventory/end-reservations.ts',
    before: '...(kept === quantity ? [] : [back])]', after: '...(kept === quantity || order_id !== null ? [] : [back])]',
    tests: [RESERVATIONS],
  },
  {
    name: 'a reservation expires five minutes late', identity: 'expired reservations are released within a minute', file: 'src/modules/inventory/reservations.db.ts',
    before: "r.expires_at <= ${now} order by", after: "r.expires_at <= ${now}::timestamptz - interval '5 minutes' order by",
    tests: [RESERVATIONS],
  },
  {
    name: 'nothing looks for expired reservations', identity: 'expired reservations are released within a minute', file: 'src/modules/inventory/module.ts',
    before: "loops: [{ name: 'inventory.expire_reservations', interval_ms: 5_000, round: expireDueReservations }]", after: 'loops: []',
    tests: [RESERVATIONS],
  },
  {
    name: 'an extended reservation expires all the same', identity: 'expired reservations are released within a minute', file: 'src/modules/inventory/commands/end-reservations.ts',
    before: '  await writeExpiries(tx, [...extended.values()])\n', after: '',
    tests: [RESERVATIONS],
  },
  {
    name: 'a reservation does not tell of its release', identity: 'every reservation has told of its beginning and its end', file: 'src/modules/inventory/commands/end-reservations.ts',
    before: '  for (const [i, event] of events.entries()) emit(toEnd[i]!.item as BatchItem<never>, event)\n', after: '',
    tests: [RESERVATIONS],
  },
  {
    name: 'a reservation does not tell of its beginning', identity: 'every reservation has told of its beginning and its end', file: 'src/modules/inventory/commands/reserve.ts',
    before: "  for (const { draft, row, view } of made) emit(draft.item as BatchItem<never>, { type: 'reservation.created', subject_id: row.id, data: eventData(view) })\n", after: '',
    tests: [RESERVATIONS],
  },
  {
    name: 'a converted reservation forgets its order', identity: 'converted reservations name their order, others none', file: 'src/modules/inventory/reservations.db.ts',
    before: 'ended_at = input.at, order_id = input.order_id', after: 'ended_at = input.at',
    tests: [RESERVATIONS],
  },
  {
    name: 'a second claim at a location replaces the first', identity: 'allocated units are those of open claims', file: 'src/modules/sourcing/sourcing.db.ts',
    before: 'set quantity = allocations.quantity + excluded.quantity', after: 'set quantity = excluded.quantity',
    tests: [CAPTURE, 'test/scenarios/order-counters.model.test.ts'],
  },
  {
    name: 'a claim that ends stays as it was', identity: 'allocated units are those of open claims', file: 'src/modules/sourcing/sourcing.db.ts',
    before: 'where a.order_line_id = i.order_line_id and a.location_id = i.location_id and a.quantity = i.quantity', after: 'where a.order_line_id = i.order_line_id and a.location_id = i.location_id and a.quantity < i.quantity',
    tests: [CAPTURE],
  },
  {
    name: 'a claim that shrinks is worked on as before', identity: 'claims are what the lines say is claimed', file: 'src/modules/sourcing/sourcing.db.ts',
    before: 'update allocations a set quantity = a.quantity - i.quantity, released = a.released - i.released', after: 'update allocations a set quantity = a.quantity - i.quantity, released = 0',
    tests: ['src/modules/fulfillment/fulfillment.test.ts', 'test/scenarios/order-journey.test.ts'],
  },
  {
    name: 'canceled units stay claimed', identity: 'claims belong to orders that still want them', file: 'src/modules/orders/commands/cancel-order.ts',
    before: "emit(...events, ...(await ports.sourcing.unclaim(tx, claimsOf(order.id, takes, withdrawn), { at: now, caller_id: caller.id, reason: 'cancel' })))", after: 'emit(...events)',
    tests: [CAPTURE],
  },
  {
    name: 'no decision is kept', identity: 'every order with claimed goods has its routing decision', file: 'src/modules/sourcing/plan-stock.ts',
    before: '      await storeRun(tx, recordRun(world, sourced, accepted, { trigger, at: now }))\n', after: '',
    tests: [CAPTURE],
  },
  {
    name: 'a supply forgets what it received', identity: 'units on order are those that inbound supplies still expect', file: 'src/modules/inventory/inbound.db.ts',
    before: 'set received = ${received}, status = ${status}', after: 'set status = ${status}',
    tests: [SUPPLY],
  },
  {
    name: 'a supply is received without its lock', identity: 'units on order are those that inbound supplies still expect', file: 'src/modules/inventory/inbound.db.ts',
    before: 'where i.id = ${id} for no key update of i`)', after: 'where i.id = ${id}`)',
    tests: [PATHS], only: 'receive a supply, receive it again',
  },
  {
    name: 'a canceled supply leaves all its units on order', identity: 'units on order are those that inbound supplies still expect', file: 'src/modules/inventory/commands/inbound.ts',
    before: "  await applyMovements(tx, [movementOf(row, context, { from_state: 'on_order', to_state: null, quantity: outstanding(row), reason: 'canceled' })])\n", after: '',
    tests: [SUPPLY],
  },
  {
    name: 'a count books surpluses alone', identity: 'posted counts have their variances in the books', file: 'src/modules/inventory/commands/counts.ts',
    before: '  if (variance === 0) return []', after: '  if (variance <= 0) return []',
    tests: [SUPPLY],
  },
  {
    name: 'a count is posted without its lock', identity: 'posted counts have their variances in the books', file: 'src/modules/inventory/counts.db.ts',
    before: 'where c.id = ${id} for no key update of c`)', after: 'where c.id = ${id}`)',
    tests: [PATHS], only: 'post a count, post it again',
  },
]
