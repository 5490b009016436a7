export { saveVariants } from './commands/save-variants.ts'
export type { Variant } from './variant.ts'
export { explodeBundles, findVariants, findVariantsBySku, gtinsOf } from './variants.db.ts'
