export { importReturns } from './commands/import-returns.ts'
export type { ImportReturn } from './import-book.ts'
export { returnMachine } from './return.ts'
