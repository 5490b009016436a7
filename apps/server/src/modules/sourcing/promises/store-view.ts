import { Type, type Static } from 'typebox'
import { closed, Nullable, OneOf } from '../../../platform/http/schemas.ts'

const BANDS = ['none', 'few', 'some', 'many'] as const
const Band = OneOf(BANDS, { description: '`few` is up to 5, `some` up to 20' })
const Exact = Nullable(Type.Integer({ description: 'null without the permission inventory:read' }))

const StoreArticle = Type.Object({
  sku: Type.String(), available: Type.Boolean({ description: 'As many as were asked for' }), quantity: Exact, band: Band,
  later: Type.Array(Type.Object({ expected_on: Type.String(), quantity: Exact, band: Band }, closed), { description: 'What comes to the store, after those who wait' }),
  counted_at: Nullable(Type.String({ description: 'When somebody last counted it there' })), changed_at: Nullable(Type.String({ description: 'When the figure last changed; null where the store never had it' })),
}, { ...closed, title: 'StoreArticle' })

export const StoreView = Type.Object({
  location: Type.String(), name: Type.String(), kind: Type.String(),
  address: Type.Object({
    line1: Type.String(), city: Type.String(), postal_code: Nullable(Type.String()), country: Type.String(), latitude: Nullable(Type.Number()), longitude: Nullable(Type.Number()), phone: Nullable(Type.String()),
  }, closed),
  distance_km: Nullable(Type.Number()), complete: Type.Boolean({ description: 'All of it is there' }),
  today: Type.Object({ date: Type.String(), opens: Nullable(Type.String()), closes: Nullable(Type.String()), open_now: Type.Boolean() }, { ...closed, description: 'The local day with its opening hours' }),
  pickup: Nullable(Type.Object({
    ready_at: Type.String({ description: 'When an order placed now can be picked up, within opening hours' }), ready_on: Type.String(), holds_until: Type.String({ description: 'An order received up to this instant is ready on the same day' }),
  }, closed)),
  articles: Type.Array(StoreArticle),
}, { ...closed, title: 'StoreAvailability' })

export type StoreView = Static<typeof StoreView>
export type StoreArticleView = Static<typeof StoreArticle>
