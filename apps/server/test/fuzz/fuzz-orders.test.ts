import { ABOUT_ORDERS, fuzz } from './use-fuzzer.ts'

fuzz(({ method, collection }) => method !== 'GET' && ABOUT_ORDERS.includes(collection))
