import { figureAt, setFigure } from './figures.ts'
import type { Replay } from './replay.ts'
import type { PastCancellation, PastMovement, Transaction } from './timeline.ts'
import { addTo, cancel, changeAvailable, claimAnywhere, claimedAt, giveBack, ship, worldsOf, type World } from './world.ts'

export type Units = [variant_id: string, location_id: string, quantity: number]

/** What locations gave back just before a run looked: the run sees it, others do after the commit. */
export function givenBackBefore(replay: Replay, movements: readonly PastMovement[]): Map<World, Units[]> {
  const free = new Map(worldsOf(replay).map((world): [World, Units[]] => [world, []]))
  for (const movement of movements) moveInAll(replay, movement, (world, units) => { free.get(world)!.push(units) })
  return free
}

/** What a transaction did beside its runs. Answers the variants of which units may have become free. */
export function applyTransaction(replay: Replay, { movements, cancellations, policies }: Transaction): Set<string> {
  const freed = new Set<string>()
  const apply = (world: World, [variant_id, location_id, quantity]: Units): void => {
    changeAvailable(world, variant_id, location_id, quantity)
    if (quantity > 0) freed.add(variant_id)
  }
  for (const { variant_id, location_id, safety_stock } of policies) {
    setFigure(replay.safety, variant_id, location_id, safety_stock)
    freed.add(variant_id)
  }
  const isCanceled = ({ from_state, reason, order_id }: PastMovement): boolean => order_id !== null && from_state === 'allocated' && reason === 'cancel'
  const isRerouted = ({ reason, order_id }: PastMovement): boolean => order_id !== null && reason === 'reoptimization'
  for (const movement of movements) if (!isCanceled(movement) && !isRerouted(movement)) moveInAll(replay, movement, apply)
  for (const [orderId, moves] of Map.groupBy(movements.filter(isRerouted), ({ order_id }) => order_id!)) rerouteInAll(replay, orderId, moves, apply)
  const canceled = Map.groupBy(movements.filter(isCanceled), ({ order_id }) => order_id!)
  for (const cancellation of cancellations) cancelInAll(replay, cancellation, canceled.get(cancellation.order_id) ?? [], apply)
  for (const [orderId, units] of canceled) if (!cancellations.some(({ order_id }) => order_id === orderId)) for (const { variant_id, location_id, quantity, to_state } of units) if (to_state === 'available') for (const world of worldsOf(replay)) apply(world, [variant_id, location_id, quantity])
  return freed
}

type Apply = (world: World, units: Units) => void

/**
 * A movement in all worlds. What an order's claim gave up happens only where the order has one; what the past does not
 * know of (the claim is older than the period) and what no order did happens everywhere.
 */
function moveInAll(replay: Replay, { variant_id, location_id, from_state, to_state, quantity, reason, order_id }: PastMovement, apply: Apply): void {
  if (order_id === null || from_state !== 'allocated') {
    const units = (to_state === 'available' ? quantity : 0) - (from_state === 'available' ? quantity : 0)
    if (units !== 0) for (const world of worldsOf(replay)) apply(world, [variant_id, location_id, units])
    return
  }
  const leaves = to_state === null && reason === 'shipment'
  const inWorld = (world: World, units: number): number => {
    const book = world.books.get(order_id)
    if (book === undefined || units === 0) return 0
    return leaves ? ship(book, variant_id, location_id, units) : giveBack(world, book, variant_id, location_id, units)
  }
  const known = inWorld(replay.past, quantity)
  for (const world of worldsOf(replay)) {
    const here = world === replay.past ? known : inWorld(world, known)
    const free = here + (quantity - known)
    if (to_state === 'available' && free > 0) apply(world, [variant_id, location_id, free])
  }
}

/**
 * Claims that were moved to where they cost less. A strategy that chooses by cost would have moved them, too, where its
 * order stands as it stood; where it stands otherwise nobody knows what it would have done, and it stays.
 */
function rerouteInAll(replay: Replay, orderId: string, moves: readonly PastMovement[], apply: Apply): void {
  const left = moves.filter(({ from_state }) => from_state === 'allocated')
  const taken = moves.filter(({ from_state }) => from_state === 'available')
  const isKnown = (world: World): boolean => left.every(({ variant_id, location_id, quantity }) => claimedAt(world, orderId, variant_id, location_id) >= quantity)
  const move = (world: World): void => {
    const book = world.books.get(orderId)!
    for (const { variant_id, location_id, quantity } of left) giveBack(world, book, variant_id, location_id, quantity)
    for (const { variant_id, location_id, quantity } of taken) claimAnywhere(world, book, variant_id, location_id, quantity)
  }
  const shift = (world: World): void => {
    for (const { variant_id, location_id, quantity } of left) apply(world, [variant_id, location_id, quantity])
    for (const { variant_id, location_id, quantity } of taken) apply(world, [variant_id, location_id, -quantity])
  }
  if (!isKnown(replay.past)) {
    for (const world of worldsOf(replay)) shift(world)
    return
  }
  for (const { strategy, world } of replay.trials) {
    const isThere = taken.every(({ variant_id, location_id, quantity }) => figureAt(world.available, variant_id, location_id) >= quantity)
    if (!strategy.rules.some(({ objective }) => objective !== undefined) || !isKnown(world) || !isThere) continue
    move(world)
    shift(world)
  }
  move(replay.past)
  shift(replay.past)
}

function cancelInAll(replay: Replay, { order_id, lines }: PastCancellation, movements: readonly PastMovement[], apply: Apply): void {
  const pairOf = (variant_id: string, location_id: string): string => `${variant_id} ${location_id}`
  const places = (variantId: string): string[] => movements.filter(({ variant_id }) => variant_id === variantId).map(({ location_id }) => location_id)
  // What the past freed for sale, and what it owed to a deficit.
  const free = new Map<string, number>()
  const owed = new Map<string, number>()
  for (const { variant_id, location_id, quantity, to_state } of movements) addTo(to_state === 'available' ? free : owed, pairOf(variant_id, location_id), quantity)
  const unknown = new Map(free)
  for (const world of worldsOf(replay)) {
    const book = world.books.get(order_id)
    const owedHere = new Map(owed)
    for (const { line_id, quantity } of lines) {
      const variantId = book?.lines.get(line_id)?.line.variant_id
      if (book === undefined || variantId === undefined) continue
      for (const [location_id, units] of cancel(world, book, line_id, quantity, places(variantId))) {
        const pair = pairOf(variantId, location_id)
        const kept = Math.min(units, owedHere.get(pair) ?? 0)
        addTo(owedHere, pair, -kept)
        if (world === replay.past) unknown.set(pair, Math.max(0, (unknown.get(pair) ?? 0) - (units - kept)))
        else if (units > kept) apply(world, [variantId, location_id, units - kept])
      }
    }
    if (world === replay.past) for (const [pair, units] of free) applyPair(apply, world, pair, units)
    else for (const [pair, units] of unknown) applyPair(apply, world, pair, units)
  }
}

function applyPair(apply: Apply, world: World, pair: string, units: number): void {
  const [variant_id, location_id] = pair.split(' ')
  if (units > 0) apply(world, [variant_id!, location_id!, units])
}
