import { testGateway } from './test-gateway.ts'
import type { GatewayDefinition } from './gateway.ts'

/** The gateways that tenders may name. */
export const GATEWAYS: readonly GatewayDefinition[] = [testGateway]

export const GATEWAY_CODES = GATEWAYS.map(({ code }) => code)
