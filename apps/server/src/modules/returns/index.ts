export { importReturns } from './commands/import-returns.ts'
export type { ImportReturn } from './import-book.ts'
