import type { Mutant } from '../mutant.ts'
import { FULFILLMENT_MUTANTS } from './fulfillment.ts'
import { MONEY_MUTANTS } from './money.ts'
import { ORDER_MUTANTS } from './orders.ts'
import { PLATFORM_MUTANTS } from './platform.ts'
import { RECORD_MUTANTS } from './records.ts'
import { RETURN_MUTANTS } from './returns.ts'
import { SCHEMA_MUTANTS } from './schema.ts'
import { STOCK_MUTANTS } from './stock.ts'

export const MUTANTS: readonly Mutant[] = [...PLATFORM_MUTANTS, ...STOCK_MUTANTS, ...ORDER_MUTANTS, ...MONEY_MUTANTS, ...FULFILLMENT_MUTANTS, ...RETURN_MUTANTS, ...RECORD_MUTANTS, ...SCHEMA_MUTANTS]
