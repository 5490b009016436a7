import type { FastifyInstance } from 'fastify'
import { refuse } from '../../kernel/problem.ts'

/**
 * With more at hand a process serves nobody faster and everybody later: one that takes an order a request is saturated by
 * 64, and 128 doubled the wait (`npm run bench -- overload`).
 */
export const DEFAULT_MAX_IN_FLIGHT = 80

/** Made once: a stack trace for each of thousands a second is work, and it would tell nothing. */
const OVERLOADED = refuse('overloaded', 'This process has as many requests at hand as it can serve in good time. Nothing was done; try again shortly.')

/**
 * Turns requests away while `maximum` others are at hand, before anything is done for them: who they are and what they
 * send is not even read. Health and metrics answer always, and event streams, which stay open and idle, do not count.
 */
export function boundInFlight(app: FastifyInstance, maximum: number, onShed: () => void): void {
  let atHand = 0
  app.addHook('onRequest', async (request, reply) => {
    const route = request.routeOptions.config.route
    if (route?.tag === 'operations' || route?.sends === 'text/event-stream') return
    if (atHand >= maximum) {
      onShed()
      throw OVERLOADED
    }
    atHand++
    reply.raw.once('close', () => { atHand-- })
  })
}
