import { showMoney } from '../../../kernel/money.ts'
import { groupByKey } from '../../../kernel/quantity.ts'
import { DAY_MS, HOUR_MS, instantOf, MINUTE_MS, type PlainDate } from '../../../kernel/time.ts'
import { inScope, type Caller } from '../../../platform/caller.ts'
import { nextDeparture, type Departure, type Location } from '../../locations/index.ts'
import type { Arrival } from '../../orders/index.ts'
import { chooseService, planParcels, priceShipment, type PlannedParcel, type RateTable } from '../../shipping/index.ts'
import type { Destination } from '../demand.ts'
import { arrivalFrom, arrivalOfAll, coordinatesOf, kilometersTo, PICKUP, type Delivery } from '../delivery.ts'
import { timesOf } from '../plan-stock.ts'
import type { TriedPlan } from '../plan.ts'
import type { PromiseWorld } from '../queries/promise-world.ts'
import { stepsBy, takeSupplies, type SupplyUnits } from '../supplies.ts'
import { freeSupplies } from './free-units.ts'
import type { Need, Question } from './cart.ts'
import { viewPlace } from './place.ts'
import type { LineView, OptionView, ParcelView, PromiseView } from './promise-view.ts'

/** Units of a need that a location gives: from stock, or from a supply that is expected there. */
type Units = { need: number; location_id: string; expected_on: PlainDate | null; quantity: number }

/** What the planner would do, and what supplies would add to it. */
type Outlook = { outcome: PromiseView['outcome']; now: readonly Units[]; later: readonly Units[] }

/** What becomes of the cart if it is ordered now, by each method. Pure: the world is as it was seen. */
export function answerCart(world: PromiseWorld, question: Question, caller: Caller): PromiseView {
  const shared = world.traits.by_method ? undefined : lookInto(world, question, question.methods[0]!)
  const outlooks = new Map(question.methods.map((method) => [method, shared ?? lookInto(world, question, method)]))
  // Plans differ between methods only where a rule asks for times: the lines are then those of the method that does best.
  const all = [...outlooks.values()]
  const best = all.reduce((a, b) => (unitsOf(b.now) > unitsOf(a.now) ? b : a))
  const sharedBundles = shared === undefined || shared.outcome === 'unavailable' ? undefined : bundlesOf(world, question, shared)
  const options: OptionView[] = []
  const not_offered: PromiseView['not_offered'] = []
  for (const [method, outlook] of outlooks) {
    if (outlook.outcome === 'unavailable') continue
    const offer = describeOption(world, question, method, outlook, sharedBundles ?? bundlesOf(world, question, outlook), caller)
    if ('code' in offer) not_offered.push(offer)
    else options.push(offer)
  }
  return {
    outcome: best.outcome, asked_at: world.now.toISOString(), place: question.cart.ship_to === undefined ? null : viewPlace(world.settings, question.cart.ship_to),
    lines: describeLines(question, best), options, not_offered,
  }
}

const unitsOf = (units: readonly Units[]): number => units.reduce((sum, { quantity }) => sum + quantity, 0)

function lookInto(world: PromiseWorld, question: Question, method: string): Outlook {
  const { cart, demand } = question
  if (demand.lines.length === 0) return { outcome: 'available', now: [], later: [] }
  return outlookOf(world, question, world.plan({ ...demand, ...timesOf(world.settings, { method, destination: demand.destination }, cart.requested_delivery_date ?? null) }))
}

const OUTCOME_OF = { refuse: 'unavailable', backorder: 'backordered', hold: 'held', queue: 'held' } as const

function outlookOf(world: PromiseWorld, question: Question, plan: TriedPlan): Outlook {
  if (plan.shortage === null) return { outcome: 'available', now: plan.allocations.map(unitsOfAllocation), later: [] }
  // Of a refused order what it could have had is counted, wherever that is: it says what there is.
  const missing = question.needs.map(() => 0)
  for (const { line_id, quantity, reason } of plan.unfilled) if (reason !== 'refused') missing[Number(line_id)]! += quantity
  const now = plan.shortage.action === 'refuse' ? [] : plan.allocations.map(unitsOfAllocation)
  const there = plan.shortage.action !== 'refuse' ? [] : question.needs.flatMap(({ article, quantity }, need) => (article.kind !== 'goods' || quantity === missing[need] ? [] : [{ need, location_id: '', expected_on: null, quantity: quantity - missing[need]! }]))
  return { outcome: OUTCOME_OF[plan.shortage.action], now: [...now, ...there], later: findLater(world, question, missing) }
}

function unitsOfAllocation({ line_id, location_id, quantity }: TriedPlan['allocations'][number]): Units {
  return { need: Number(line_id), location_id, expected_on: null, quantity }
}

/** Where missing units will come from: supplies at places that serve the cart, after all those who wait already. */
function findLater(world: PromiseWorld, question: Question, missing: readonly number[]): Units[] {
  const { demand, channel, needs } = question
  const usable = ({ location_id }: SupplyUnits): boolean => {
    const location = world.locations.get(location_id)
    return location?.capabilities.includes(demand.method) === true && (demand.pickup_location_id === null || location_id === demand.pickup_location_id)
  }
  const pools = new Map<string, SupplyUnits[]>()
  return needs.flatMap(({ article }, need) => {
    if (missing[need] === 0 || article.inbound.length === 0) return []
    let pool = pools.get(article.id)
    if (pool === undefined) pools.set(article.id, (pool = freeSupplies(world, article, channel)))
    return takeSupplies(pool, missing[need]!, usable).map(({ location_id, expected_on, quantity }) => ({ need, location_id, expected_on, quantity }))
  })
}

function describeLines({ cart, needs }: Question, { now, later }: Outlook): LineView[] {
  const ofLine = groupByKey(needs.map((need, position) => ({ ...need, position })), ({ line }) => String(line))
  return cart.lines.map(({ sku, quantity }, line) => {
    const parts = ofLine.get(String(line)) ?? []
    // Of a bundle whole ones: as many as the scarcest of its parts allows.
    const wholeBy = (date: PlainDate | null): number => Math.min(quantity, ...parts.map((part) => (part.article.kind === 'service' ? quantity : Math.floor(unitsBy(part.position, date) / part.per))))
    const unitsBy = (position: number, date: PlainDate | null): number => {
      const of = (units: readonly Units[]): number => units.reduce((sum, one) => sum + (one.need === position && (one.expected_on === null || (date !== null && one.expected_on <= date)) ? one.quantity : 0), 0)
      return of(now) + of(later)
    }
    const available = wholeBy(null)
    if (later.length === 0 || available === quantity) return { sku, quantity, available, later: [], missing: quantity - available }
    const comes = stepsBy(available, later.flatMap(({ need, expected_on }) => (needs[need]!.line === line && expected_on !== null ? [expected_on] : [])), wholeBy)
    return { sku, quantity, available, later: comes, missing: quantity - available - comes.reduce((units, step) => units + step.quantity, 0) }
  })
}

/** What goes together, whatever the method: `packed` is what the carrier weighs. */
type Bundle = { location: Location; expected_on: PlainDate | null; units: readonly Units[]; km: number | null; packed: readonly PlannedParcel[] }
type Parcel = { bundle: Bundle; departure: Departure | undefined; arrival: Arrival | undefined }
type NotOffered = PromiseView['not_offered'][number]

function bundlesOf(world: PromiseWorld, { needs, demand }: Question, { now, later }: Outlook): Bundle[] {
  const bundles: Bundle[] = []
  for (const units of groupByKey([...now, ...later], ({ location_id, expected_on }) => (expected_on === null ? location_id : `${expected_on} ${location_id}`)).values()) {
    const { location_id, expected_on } = units[0]!
    const location = world.locations.get(location_id)!
    const weighed = units.map(({ need, quantity }) => ({ order_line_id: '', quantity, weight_grams: needs[need]!.article.weight_grams }))
    bundles.push({
      location, expected_on, units, km: demand.destination === null ? null : kilometersTo(demand.destination, coordinatesOf(location)),
      packed: demand.destination === null ? [] : planParcels(weighed, world.settings.rate_table.max_weight_grams),
    })
  }
  return bundles
}

function describeOption(world: PromiseWorld, question: Question, method: string, outlook: Outlook, bundles: readonly Bundle[], caller: Caller): OptionView | NotOffered {
  const { rate_table } = world.settings
  const delivery: Delivery = { method, destination: question.demand.destination }
  const service = chooseService(rate_table, method)
  const price = method === PICKUP ? null : priceOf(rate_table, service, question.demand.destination, bundles)
  if (price !== null && typeof price !== 'bigint') return { method, ...price }
  const parcels = bundles.map((bundle): Parcel => {
    const departure = departureOf(world, bundle.location, method, bundle.expected_on)
    return { bundle, departure, arrival: departure === undefined ? undefined : arrivalFrom(rate_table, delivery, bundle.location, departure.ships_on) }
  })
  const arrival = arrivalOfAll(parcels.map((parcel) => parcel.arrival))
  const isAll = unitsOf(outlook.now) + unitsOf(outlook.later) === question.demand.lines.reduce((sum, { quantity }) => sum + quantity, 0)
  const complete = isAll && (arrival !== null || parcels.length === 0)
  const wanted = question.cart.requested_delivery_date
  const inTime = wanted === undefined ? null : complete && (arrival === null || arrival.latest <= wanted)
  // What is wanted for a day is kept until then.
  const dates = inTime === true && parcels.length > 0 ? { earliest: wanted!, latest: wanted! } : { earliest: arrival?.earliest ?? null, latest: complete ? (arrival?.latest ?? null) : null }
  const holds = outlook.outcome === 'available' ? firstCutOff(parcels) : null
  return {
    method, name: method === PICKUP ? question.pickup!.name : (rate_table.services.find(({ code }) => code === service)?.name ?? method), complete, ...dates, on_requested_date: inTime,
    ready_at: method === PICKUP && complete ? latestReady(parcels) : null,
    holds_until: holds === null ? null : showInstant(holds), order_within: holds === null ? null : sayDuration(holds.getTime() - world.now.getTime()),
    price: price === null ? null : showMoney(price, rate_table.currency), parcels: parcels.map((parcel) => viewParcel(question.needs, parcel, caller)),
  }
}

/** What is there leaves as the location works now; what is expected is received when its day begins. */
function departureOf({ now, settings }: PromiseWorld, location: Location, method: string, expected_on: PlainDate | null): Departure | undefined {
  if (expected_on !== null) return nextDeparture(location, new Date(Math.max(now.getTime(), instantOf(expected_on, '00:00', location.time_zone).getTime())), { method })
  return method === PICKUP ? nextDeparture(location, now, { method }) : settings.departures(location, method, now, false).departure
}

/** What the carrier takes for all of it; null without goods; why it does not go there. */
function priceOf(table: RateTable, service: string, destination: Destination | null, bundles: readonly Bundle[]): bigint | null | Omit<NotOffered, 'method'> {
  if (destination === null || bundles.length === 0) return null
  let price = 0n
  for (const { km, packed } of bundles) {
    const priced = priceShipment(table, service, { country: destination.country, distance_km: km }, packed)
    if (priced.outcome === 'refused') return { code: priced.code, detail: priced.detail }
    price += priced.cost ?? 0n
  }
  return price
}

function viewParcel(needs: readonly Need[], { bundle: { location, expected_on, units, km }, departure, arrival }: Parcel, caller: Caller): ParcelView {
  const isSeen = inScope(caller, { location_id: location.id })
  return {
    location: isSeen ? location.code : null, expected_on, ships_on: departure?.ships_on ?? null, ships_at: departure === undefined ? null : showInstant(departure.ships_at),
    earliest: arrival?.earliest ?? null, latest: arrival?.latest ?? null, distance_km: km === null || !isSeen ? null : Math.round(km * 10) / 10,
    lines: units.map(({ need, quantity }) => ({ sku: needs[need]!.article.sku, quantity })),
  }
}

/** The cut-off that passes first: after it the promise is another one. */
function firstCutOff(parcels: readonly Parcel[]): Date | null {
  let first: Date | null = null
  for (const { departure } of parcels) if (departure !== undefined && (first === null || departure.holds_until < first)) first = departure.holds_until
  return first
}

/** Texts of instants that departures remember: every option has the same few. */
const SHOWN = new WeakMap<Date, string>()

function showInstant(instant: Date): string {
  let text = SHOWN.get(instant)
  if (text === undefined) SHOWN.set(instant, (text = instant.toISOString()))
  return text
}

function latestReady(parcels: readonly Parcel[]): string | null {
  const ready = parcels.flatMap(({ departure }) => (departure === undefined ? [] : [departure.ready_at.getTime()]))
  return ready.length === 0 ? null : new Date(Math.max(...ready)).toISOString()
}

/** `2 h 14 min`, rounded down: whoever believes it is in time. */
export function sayDuration(ms: number): string {
  const [days, hours, minutes] = [Math.floor(ms / DAY_MS), Math.floor((ms % DAY_MS) / HOUR_MS), Math.floor((ms % HOUR_MS) / MINUTE_MS)]
  if (days > 0) return `${days} d ${hours} h`
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`
}
