export { importReturns, type ImportedReturn } from './commands/import-returns.ts'
export type { ImportReturn } from './import-book.ts'
export { returnablesOf, type Returnable, type ReturnableOrder } from './queries/returnables.ts'
