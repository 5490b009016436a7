import type { Readable } from 'node:stream'
import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { invalid } from '../../kernel/problem.ts'
import { createValidator, fieldErrors, parseJson, unusableInput } from '../../platform/http/input.ts'
import { NDJSON, readLines, type NdjsonLine } from '../../platform/http/ndjson.ts'
import { route, type Call, type Route } from '../../platform/http/route.ts'
import { closed } from '../../platform/http/schemas.ts'
import { openStream, writeToStream } from '../../platform/http/stream.ts'
import { CaptureBody, type CaptureInput } from './capture-input.ts'
import { importOrders } from './commands/capture-orders.ts'
import type { OrderPorts } from './ports.ts'

/**
 * Orders of one stream that wait or run at a time: two batches, so that the next is complete when the one before has
 * committed. Nothing more is read until the first of them is answered, which keeps memory flat.
 */
const IN_FLIGHT = 400

/** A stream can break off anywhere and is then sent again from its start: only what has a number of its own is known again. */
const BulkLine = Type.Object({ ...CaptureBody.properties, external_id: Type.String({ minLength: 1, maxLength: 128 }) }, closed)

type Answer = { line: number; order_id: string; created: boolean } | { line: number; problem: object }

/** A stream of orders; each line is captured, or refused, for itself. */
export function bulkRoutes(ports: OrderPorts): Route[] {
  const capture = importOrders(ports)
  const isValid = createValidator(BulkLine, 'body')

  const read = (found: NdjsonLine): CaptureInput => {
    if ('refusal' in found) throw found.refusal
    const input = parseJson(found.text)
    const bad = unusableInput(input)
    if (bad !== undefined) throw invalid([bad])
    if (!isValid(input)) throw invalid(fieldErrors(isValid.errors ?? [], 'body'))
    return input as CaptureInput
  }

  const answer = async ({ submit, problemOf }: Pick<Call<unknown, unknown, unknown>, 'submit' | 'problemOf'>, found: NdjsonLine): Promise<Answer> => {
    try {
      const { order_id, created } = await submit(capture, read(found))
      return { line: found.line, order_id: ids.order.show(order_id), created }
    } catch (error) {
      return { line: found.line, problem: problemOf(error) }
    }
  }

  const post = route({
    operation_id: 'createOrders', method: 'POST', url: '/v1/orders/bulk', tag: 'orders', permission: capture.permission, summary: 'Place any number of orders in one stream',
    description: `The body is NDJSON: each line is what \`createOrder\` takes, with its \`external_id\`. The answer begins at once and is NDJSON in the same order: \`{"line": 1, "order_id": "ord_…", "created": true}\`, or \`{"line": 2, "problem": {…}}\` for a line that is refused or malformed, which harms no other. What is answered is durable. Read while you send: the server reads no further than ${IN_FLIGHT} orders ahead of what you have read. A stream that broke off can be sent again from its start: orders that exist are answered with \`"created": false\`.`,
    reads: NDJSON, sends: NDJSON, reply: { status: 200 },
    handle: async (call) => {
      const { request, reply } = call.raw
      const { server } = request.server
      const wasListening = server.listening
      const out = openStream(reply, NDJSON)
      // Each answer is written after the one before it; those not written yet are kept, oldest first.
      let written = Promise.resolve()
      const unwritten: Promise<void>[] = []
      const writeAfter = async (before: Promise<void>, answered: Promise<Answer>): Promise<void> => {
        await before
        await writeToStream(out, `${JSON.stringify(await answered)}\n`)
        void unwritten.shift()
      }
      try {
        for await (const found of readLines(request.body as Readable)) {
          written = writeAfter(written, answer(call, found))
          unwritten.push(written)
          if (unwritten.length >= IN_FLIGHT) await unwritten[0]
          // A client that has gone waits for no answers, and a server that stops takes no more orders.
          if (out.destroyed || (wasListening && !server.listening)) break
        }
        await written
        out.end()
      } catch {
        // The stream broke off. What was read of it is captured all the same, as its next sending will be told.
        await written
        out.destroy()
      }
    },
  })
  return [post]
}
