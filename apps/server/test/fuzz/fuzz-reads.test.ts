import { fuzz } from './use-fuzzer.ts'

fuzz(({ method }) => method === 'GET')
