import { Type } from 'typebox'
import { AllowedAction, closed, OneOf } from '../../platform/http/schemas.ts'
import { eachState, FREE_STATES } from './stock.ts'

/** Ten million at a time keeps every sum of a request far inside the database's integers. */
export const Quantity = Type.Integer({ minimum: 1, maximum: 10_000_000 })
export const FreeState = OneOf(FREE_STATES)
export const Note = Type.String({ maxLength: 1_000 })
export const Reference = Type.String({ minLength: 1, maxLength: 200 })

export const UnitsView = Type.Object({ sku: Type.String(), location: Type.String(), quantity: Type.Integer() }, closed)
export const Actions = Type.Array(AllowedAction)

/** The figures of one level, as the properties of a schema. */
export const FIGURES = {
  sku: Type.String(), location: Type.String(), ...eachState(() => Type.Integer()),
  on_hand: Type.Integer({ description: 'Units in the location: the sum of its states, less what a count took of promised units (`deficit`)' }),
  safety_stock: Type.Integer(),
  sellable: Type.Integer({ description: 'Available beyond the safety stock' }),
}
