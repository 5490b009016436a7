/**
 * One order as a question of cost: which location gives how many units of what, so that the sum is least. Every amount
 * is a whole number of minor units of one currency. Shadow prices and risks are fractions by nature: whoever poses the
 * problem rounds them to the minor unit (`Math.round`) when they become costs here, so that what is compared is what
 * the record shows and all sums are exact. Tables are laid out `need * places.count + location`.
 */
export type CostProblem = {
  needs: readonly CostNeed[]
  places: Places
  tariffs: readonly Tariff[]
  /** Units that a location can give to a need; 0 where it may not. Hard rules are here and never become costs. */
  supply: ArrayLike<number>
  /**
   * Where several needs ask for one variant (lines that are kept whole), what a location has of it for all of them:
   * `variant * places.count + location`. Null where every need has a variant of its own.
   */
  stock: ArrayLike<number> | null
  /** Of one unit of a need from a location, beside freight and labor; null where a term is not weighed. May be negative. */
  unit_costs: { readonly [Term in UnitTerm]: ArrayLike<number> | null }
  /** For each location beyond the first that serves the order. */
  split_cost: number
  /** Locations that may be used beside those that serve the order already; `Infinity` for any number. */
  max_locations: number
  /** Where more than one location serves the order, each serves at least this worth; 0 for no minimum. */
  min_part_value: number
}

export type CostNeed = {
  /** Needs of one variant share `CostProblem.stock`. */
  variant: number
  quantity: number
  /** Of one unit. */
  weight_grams: number
  /** Of one unit, for `min_part_value`. */
  value: number
  /** Needs of one set come complete from one location or not at all; so does a line in a set of its own. Null: free to be divided. */
  set: number | null
  /** Of one unit that is given by nobody; null where a unit that can be had is never left unfilled, whatever it costs. */
  unfilled_cost: number | null
}

/** The locations, a column for each figure: columns that do not depend on the order are shared by many problems. */
export type Places = {
  count: number
  /** What a parcel from there to the order's destination costs: a position in `CostProblem.tariffs`. */
  tariff: ArrayLike<number>
  /** Labor for a parcel, and for each unit in it. */
  parcel_labor: ArrayLike<number>
  unit_labor: ArrayLike<number>
  /** What it is worth to keep one place of its capacity for another order; null where no location has a limit that is weighed. */
  capacity_cost: ArrayLike<number> | null
  /** Locations that serve the order already; null where none does. */
  serving: ServingPlaces | null
}

/** A location that serves the order already adds to its parcel: only the dearer freight counts, no further parcel, split or place of capacity. */
export type ServingPlaces = {
  /** 1 where the location serves the order, 0 elsewhere. */
  serves: ArrayLike<number>
  /** What its parcel weighs and is worth without this problem's units; 0 where that is not known. */
  weight_grams: ArrayLike<number>
  value: ArrayLike<number>
}

/**
 * What one parcel costs by its weight, in steps of any shape, rising or falling: the first step that holds the weight
 * gives the amount. A parcel heavier than the last step cannot go.
 */
export type Tariff = { max_grams: ArrayLike<number>; amounts: ArrayLike<number> }

/** Terms that are asked for each unit: what the unit may be worth there tomorrow, the markdown that selling it avoids, the sale that the location may lose. */
export type UnitTerm = 'scarcity' | 'markdown' | 'stock_out'

export type CostTerm = 'freight' | 'labor' | 'capacity' | 'split' | 'unfilled' | UnitTerm

/** Parts of a cost in minor units; they add up to it exactly. */
export type CostTerms = Record<CostTerm, number>

export type CostSolution = {
  /** Units that each location gives to each need, laid out like `supply`. */
  units: Int32Array
  /** Units of each need that nobody gives. */
  unfilled: Int32Array
  terms: CostTerms
  /** The sum of the terms. */
  cost: number
  /** No solution costs less that leaves no more units unfilled of those that are never to be left. */
  lower_bound: number
  /** Whether `cost` is proved to be the least there is: `lower_bound` equals it. Very large orders may end with a gap. */
  is_exact: boolean
}
