import { Type, type Static, type TObject, type TProperties, type TSchema } from 'typebox'

/** A figure or word in a decision record: what was asked of a location, or what it had. */
export type Fact = number | string | null

/** What a table of conditions, filters or rankings allows in a strategy: the entry's name as `type` and its settings. */
export type SettingOf<Table extends Record<string, { settings: TProperties }>> = {
  [Name in keyof Table & string]: { type: Name } & Static<TObject<Table[Name]['settings']>>
}[keyof Table & string]

/** The schema of one entry, for validation and for the API's documents. */
export function settingSchema(type: string, settings: TProperties): TSchema {
  return Type.Object({ type: Type.Literal(type), ...settings }, { additionalProperties: false })
}
