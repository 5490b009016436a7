import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Id, Nullable } from '../../platform/http/schemas.ts'
import { sql } from '../../platform/sql.ts'
import { createProduct } from './commands/create-product.ts'
import { updateProduct } from './commands/update-product.ts'
import { findProduct, PRODUCT_COLUMNS, productsMatching, type ProductRow } from './products.db.ts'
import { viewProduct, viewProductSummary } from './queries/views.ts'
import { Handle, Name, ProductSummary, ProductView } from './schemas.ts'

const params = Type.Object({ product_id: Id(ids.product) }, closed)

const productFields = {
  description: Type.Optional(Type.String({ maxLength: 20_000 })),
  brand: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 120 }))),
  product_type: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 120, description: 'What kind of thing it is; routing rules ask for it', examples: ['furniture'] }))),
  tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 60 }), { maxItems: 50, uniqueItems: true })),
  active: Type.Optional(Type.Boolean()),
}

const PRODUCTS: ListSpec = {
  id: ids.product, id_sql: 'p.id', default_sort: '-created_at',
  fields: {
    created_at: { sql: 'p.created_at', type: 'timestamptz', sortable: true },
    name: { sql: 'p.name', type: 'text', sortable: true },
    handle: { sql: 'p.handle', type: 'text', sortable: true },
    brand: { sql: 'p.brand', type: 'text' },
    active: { sql: 'p.active', type: 'boolean' },
  },
  search: productsMatching,
}

const listProducts = route({
  operation_id: 'listProducts', method: 'GET', url: '/v1/products', tag: 'catalog', permission: 'catalog:read', summary: 'List products',
  description: '`q` finds words of the name and beginnings of the handle.',
  query: listQuery(PRODUCTS),
  reply: { status: 200, schema: pageOf(ProductSummary) },
  handle: async ({ query, db }) => {
    const page = await readPage<ProductRow & { cursor_id: string; cursor_value: string }>(db, PRODUCTS, query, (cursor) => sql`select ${cursor}, ${PRODUCT_COLUMNS} from products p`)
    return { ...page, data: page.data.map(viewProductSummary) }
  },
})

const postProduct = route({
  operation_id: 'createProduct', method: 'POST', url: '/v1/products', tag: 'catalog', permission: createProduct.permission, summary: 'Add a product',
  body: Type.Object({ handle: Handle, name: Name, ...productFields }, closed),
  reply: { status: 201, schema: ProductView }, problems: ['already_exists'],
  handle: async ({ body, run, etag }) => {
    const product = await run(createProduct, body)
    etag(product.version)
    return product
  },
})

const getProduct = route({
  operation_id: 'getProduct', method: 'GET', url: '/v1/products/:product_id', tag: 'catalog', permission: 'catalog:read', summary: 'Show a product with its variants',
  params,
  reply: { status: 200, schema: ProductView }, problems: ['not_found'],
  handle: async ({ params: { product_id }, db, etag }) => {
    const product = await findProduct(db, ids.product.parse(product_id)!)
    if (product === undefined) throw refuse('not_found', 'There is no such product.')
    etag(product.version)
    return viewProduct(db, product)
  },
})

const patchProduct = route({
  operation_id: 'updateProduct', method: 'PATCH', url: '/v1/products/:product_id', tag: 'catalog', permission: updateProduct.permission, summary: 'Change a product',
  params,
  body: Type.Object({ name: Type.Optional(Name), ...productFields }, closed),
  reply: { status: 200, schema: ProductView }, problems: ['not_found', 'stale_version'],
  handle: async ({ params: { product_id }, body, seen_version, run, etag }) => {
    const product = await run(updateProduct, { product_id: ids.product.parse(product_id)!, seen_version, patch: body })
    etag(product.version)
    return product
  },
})

export const productRoutes: Route[] = [listProducts, postProduct, getProduct, patchProduct]
