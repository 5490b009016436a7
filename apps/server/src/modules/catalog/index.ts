export { saveVariants } from './commands/save-variants.ts'
export type { Variant } from './variant.ts'
export { explodeBundles, findItemFacts, findVariants, findVariantsBySku, gtinsOf, type ItemFacts } from './variants.db.ts'
