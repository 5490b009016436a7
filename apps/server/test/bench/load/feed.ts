// A consumer of the event feed: follows the server-sent events and remembers when each position came.
// Started by `openConsumer` with its plan as the only argument; speaks to it over IPC.
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'

/** `expect` ends it after so many events. */
export type FeedPlan = { url: string; key: string; expect?: number }
export type FeedMessage = { ready: true } | { positions: number[]; /** Milliseconds since the epoch. */ at: number[] }

const plan = JSON.parse(process.argv[2]!) as FeedPlan
const positions: number[] = []
const at: number[] = []
process.on('disconnect', () => { process.exit(1) })
process.on('message', finish)

let finished = false

function finish(): void {
  if (finished) return
  finished = true
  const received: FeedMessage = { positions, at }
  process.send!(received, () => { process.exit(0) })
}

const [answer] = (await once(get(`${plan.url}/v1/events/stream`, { headers: { authorization: `Bearer ${plan.key}` } }), 'response')) as [IncomingMessage]
if (answer.statusCode !== 200) throw new Error(`the feed answered ${answer.statusCode}`)
// The stream begins with what happens after its first look at the feed.
setTimeout(() => { process.send!({ ready: true } satisfies FeedMessage) }, 300)
let rest = ''
answer.setEncoding('latin1').on('data', (chunk: string) => {
  // The clock that PostgreSQL reads too: one that only counts from the start of the process drifts away from it.
  const now = Date.now()
  const text = rest + chunk
  // Events end with an empty line; how far the feed has looked is told without one.
  const end = text.includes('\n\n') ? text.lastIndexOf('\n\n') + 2 : 0
  rest = text.slice(end)
  for (const [, position] of text.slice(0, end).matchAll(/^id: (\d+)\nevent: /gm)) {
    positions.push(Number(position))
    at.push(now)
  }
  if (plan.expect !== undefined && positions.length >= plan.expect) finish()
})
