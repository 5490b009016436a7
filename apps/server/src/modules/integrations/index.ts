export { importOnlineRetail, type ImportOptions, type ImportResult } from './online-retail/import.ts'
