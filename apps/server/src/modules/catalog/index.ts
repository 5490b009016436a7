export { saveVariants, type SavedVariant } from './commands/save-variants.ts'
export type { Variant, VariantInput, VariantKind } from './variant.ts'
export { explodeBundles, findVariants, findVariantsBySku, gtinsOf } from './variants.db.ts'
