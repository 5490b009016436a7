import { Type } from 'typebox'
import { invalid, type FieldError } from '../../../kernel/problem.ts'
import type { Clock } from '../../../platform/clock.ts'
import type { Database } from '../../../platform/db.ts'
import { route, type Route } from '../../../platform/http/route.ts'
import { closed } from '../../../platform/http/schemas.ts'
import { createPromiseWorlds } from '../queries/promise-world.ts'
import { answerCart } from './answer.ts'
import { resolveCart, type Cart } from './cart.ts'
import { PromisesBody, PromiseView } from './promise-view.ts'

export function promiseRoutes(runtime: { db: Database; clock: Clock }): Route[] {
  const look = createPromiseWorlds(runtime)
  const post = route({
    operation_id: 'promiseDelivery', method: 'POST', url: '/v1/promises', tag: 'routing', permission: 'promises:read', summary: 'When a cart would arrive, from where, by which method and at what cost',
    description: 'For a cart or one article, and a place or a store for pickup: what the planner and the strategy in use would do with the order now. Nothing is locked: the answer holds as long as stock lasts and up to `holds_until`. Several carts in one call do not take from each other.',
    body: PromisesBody, reply: { status: 200, schema: Type.Object({ data: Type.Array(PromiseView, { description: 'In the order of the carts' }) }, closed) },
    handle: async ({ body, caller }) => {
      // The schema has filled in quantities.
      const carts = body.carts as readonly Cart[]
      const world = await look({
        skus: carts.flatMap(({ lines }) => lines.map(({ sku }) => sku)), channels: carts.map(({ channel }) => channel), addresses: carts.flatMap(({ ship_to }) => ship_to ?? []),
      })
      const errors: FieldError[] = []
      const questions = carts.flatMap((cart, index) => {
        const question = resolveCart(world, cart, `/carts/${index}`, caller)
        if (!Array.isArray(question)) return [question]
        errors.push(...question)
        return []
      })
      if (errors.length > 0) throw invalid(errors)
      return { data: questions.map((question) => answerCart(world, question, caller)) }
    },
  })
  return [post]
}
