import { Type } from 'typebox'
import { present } from '../../kernel/assert.ts'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Nullable, OneOf, Sku } from '../../platform/http/schemas.ts'
import { sql } from '../../platform/sql.ts'
import { saveBundle } from './commands/save-bundle.ts'
import { saveIdentifiers } from './commands/save-identifiers.ts'
import { createVariant, saveVariants } from './commands/save-variants.ts'
import { updateVariant } from './commands/update-variant.ts'
import { findScanned, IDENTIFIER_KINDS } from './identifiers.db.ts'
import { viewVariant, viewVariants } from './queries/views.ts'
import { Handle, IdentifierInput, NewVariant, variantFields, VariantView } from './schemas.ts'
import { VARIANT_KINDS } from './variant.ts'
import { findVariantRows, variantsMatching } from './variants.db.ts'

/** SKUs stand in paths, percent-encoded: `/v1/variants/A%2F1%20red`. */
const params = Type.Object({ sku: Sku }, closed)

const VARIANTS: ListSpec = {
  id: ids.variant, id_sql: 'v.id', default_sort: '-created_at',
  fields: {
    created_at: { sql: 'v.created_at', type: 'timestamptz', sortable: true },
    sku: { sql: 'v.sku', type: 'text', sortable: true },
    name: { sql: 'v.name', type: 'text', sortable: true },
    kind: { sql: 'v.kind', type: 'text', values: VARIANT_KINDS },
    active: { sql: 'v.active', type: 'boolean' },
    product: { sql: 'p.handle', type: 'text' },
    product_id: { sql: 'v.product_id', type: 'text', id: ids.product },
  },
  search: variantsMatching,
}

const listVariants = route({
  operation_id: 'listVariants', method: 'GET', url: '/v1/variants', tag: 'catalog', permission: 'catalog:read', summary: 'List variants',
  description: '`q` finds words of the name, beginnings of the SKU, and whole identifiers: GTINs in any form.',
  query: listQuery(VARIANTS),
  reply: { status: 200, schema: pageOf(VariantView) },
  handle: async ({ query, db }) => {
    const page = await readPage<{ cursor_id: string; cursor_value: string }>(db, VARIANTS, query, (cursor) => sql`select ${cursor} from variants v join products p on p.id = v.product_id`)
    const rows = new Map((await findVariantRows(db, page.data.map(({ cursor_id }) => cursor_id))).map((row) => [row.id, row]))
    return { ...page, data: await viewVariants(db, page.data.map(({ cursor_id }) => present(rows.get(cursor_id), 'a variant is never deleted'))) }
  },
})

const postVariant = route({
  operation_id: 'createVariant', method: 'POST', url: '/v1/variants', tag: 'catalog', permission: createVariant.permission, summary: 'Add a variant',
  description: 'The product is made where there is none with the handle given. A bundle gets its components by `PUT /v1/variants/{sku}/bundle`.',
  body: NewVariant,
  reply: { status: 201, schema: VariantView }, problems: ['already_exists'],
  handle: async ({ body, run, etag }) => {
    const variant = await run(createVariant, body)
    etag(variant.version)
    return variant
  },
})

const MAX_BULK = 500

const Outcome = Type.Object({
  sku: Type.String(),
  outcome: OneOf(['created', 'updated', 'unchanged', 'refused']),
  id: Nullable(Type.String()),
  errors: Type.Array(Type.Object({ pointer: Type.String(), code: Type.String(), detail: Type.String() }, closed)),
}, closed)

const postVariants = route({
  operation_id: 'saveVariants', method: 'POST', url: '/v1/variants/bulk', tag: 'catalog', permission: saveVariants.permission, summary: 'Insert or update many variants by SKU',
  description: `Up to ${MAX_BULK} in one call. Left-out fields of a variant that exists stay as they are. A wrong item is refused alone; outcomes come in the order of the items.`,
  body: Type.Object({ variants: Type.Array(NewVariant, { minItems: 1, maxItems: MAX_BULK }) }, closed),
  reply: { status: 200, schema: Type.Object({ data: Type.Array(Outcome) }, closed) },
  handle: async ({ body, run }) => {
    const { outcomes } = await run(saveVariants, body)
    return {
      data: outcomes.map((item, index) => ({
        sku: item.sku, outcome: item.outcome, id: item.outcome === 'refused' ? null : item.id,
        errors: item.outcome === 'refused' ? item.errors.map((error) => ({ ...error, pointer: `/variants/${index}${error.pointer}` })) : [],
      })),
    }
  },
})

const lookUpVariant = route({
  operation_id: 'lookUpVariant', method: 'GET', url: '/v1/variants/lookup', tag: 'catalog', permission: 'catalog:read', summary: 'Find the variant that a scanned code means',
  description: 'Tries the SKU, then GTINs (UPC, EAN or ITF, with or without leading zeros), then barcodes and other identifiers.',
  query: Type.Object({ code: Type.String({ minLength: 1, maxLength: 128 }) }, closed),
  reply: { status: 200, schema: Type.Object({ matched_by: OneOf(['sku', ...IDENTIFIER_KINDS]), variant: VariantView }, closed) }, problems: ['not_found'],
  handle: async ({ query: { code }, db }) => {
    const named = await viewVariant(db, code.trim())
    if (named !== undefined) return { matched_by: 'sku' as const, variant: named }
    const scanned = await findScanned(db, code)
    if (scanned === undefined) throw refuse('not_found', `No variant has "${code}" as its SKU, GTIN or other identifier.`)
    const [variant] = await viewVariants(db, await findVariantRows(db, [scanned.variant_id]))
    return { matched_by: scanned.kind, variant: present(variant, 'an identifier belongs to a variant') }
  },
})

const getVariant = route({
  operation_id: 'getVariant', method: 'GET', url: '/v1/variants/:sku', tag: 'catalog', permission: 'catalog:read', summary: 'Show a variant',
  params,
  reply: { status: 200, schema: VariantView }, problems: ['not_found'],
  handle: async ({ params: { sku }, db, etag }) => {
    const variant = await viewVariant(db, sku)
    if (variant === undefined) throw refuse('not_found', `There is no SKU "${sku}".`)
    etag(variant.version)
    return variant
  },
})

const patchVariant = route({
  operation_id: 'updateVariant', method: 'PATCH', url: '/v1/variants/:sku', tag: 'catalog', permission: updateVariant.permission, summary: 'Change a variant',
  params,
  body: Type.Object({ product: Type.Optional(Handle), ...variantFields }, closed),
  reply: { status: 200, schema: VariantView }, problems: ['not_found', 'stale_version'],
  handle: async ({ params: { sku }, body: { product, ...patch }, seen_version, run, etag }) => {
    const variant = await run(updateVariant, { sku, seen_version, patch, ...(product === undefined ? {} : { product }) })
    etag(variant.version)
    return variant
  },
})

const putBundle = route({
  operation_id: 'saveBundle', method: 'PUT', url: '/v1/variants/:sku/bundle', tag: 'catalog', permission: saveBundle.permission, summary: 'Say what a bundle consists of',
  description: 'Replaces all components. They are goods, never bundles or services.',
  params,
  body: Type.Object({ components: Type.Array(Type.Object({ sku: Sku, quantity: Type.Integer({ minimum: 1, maximum: 10_000 }) }, closed), { minItems: 1, maxItems: 100 }) }, closed),
  reply: { status: 200, schema: VariantView }, problems: ['not_found', 'not_a_bundle', 'stale_version'],
  handle: async ({ params: { sku }, body, seen_version, run, etag }) => {
    const variant = await run(saveBundle, { sku, seen_version, ...body })
    etag(variant.version)
    return variant
  },
})

const putIdentifiers = route({
  operation_id: 'saveIdentifiers', method: 'PUT', url: '/v1/variants/:sku/identifiers', tag: 'catalog', permission: saveIdentifiers.permission, summary: 'Say by which codes a variant is found',
  description: 'Replaces all identifiers. GTINs are taken in any form and kept as 14 digits.',
  params,
  body: Type.Object({ identifiers: Type.Array(IdentifierInput, { maxItems: 50 }) }, closed),
  reply: { status: 200, schema: VariantView }, problems: ['not_found', 'identifier_taken', 'stale_version'],
  handle: async ({ params: { sku }, body, seen_version, run, etag }) => {
    const variant = await run(saveIdentifiers, { sku, seen_version, ...body })
    etag(variant.version)
    return variant
  },
})

export const variantRoutes: Route[] = [listVariants, postVariant, postVariants, lookUpVariant, getVariant, patchVariant, putBundle, putIdentifiers]
