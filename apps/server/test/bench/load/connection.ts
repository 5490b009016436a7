import { connect } from 'node:net'

export type Answer = { status: number; body: Buffer }
export type HttpRequest = { method: 'GET' | 'POST'; path: string; body?: string; idempotency_key?: string }

/** One kept-alive HTTP/1.1 connection with one request in flight. Written on the bare socket, because the load shares two cores with what it measures. */
export type Connection = { send: (request: HttpRequest, done: (answer: Answer) => void) => void; close: () => void }

const HEAD_END = Buffer.from('\r\n\r\n')

export async function openConnection(url: URL, key: string, onBroken: (error: Error) => void): Promise<Connection> {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
  await new Promise<void>((resolve, reject) => { socket.once('connect', resolve).once('error', reject) })
  const common = ` HTTP/1.1\r\nhost: ${url.host}\r\nauthorization: Bearer ${key}\r\n`
  let waiting: ((answer: Answer) => void) | undefined
  let received: Buffer = Buffer.alloc(0)
  let closing = false
  const breakOff = (error: Error): void => { if (!closing) onBroken(error) }
  socket.on('error', breakOff)
  socket.on('close', () => { breakOff(new Error('the server closed a connection')) })
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const headEnd = received.indexOf(HEAD_END)
    if (headEnd === -1) return
    const head = received.toString('latin1', 0, headEnd)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)
    if (Number.isNaN(length)) return breakOff(new Error(`an answer without content-length: ${head}`))
    const end = headEnd + HEAD_END.length + length
    if (received.length < end) return
    const body = received.subarray(headEnd + HEAD_END.length, end)
    received = received.length === end ? Buffer.alloc(0) : received.subarray(end)
    const done = waiting!
    waiting = undefined
    done({ status: Number(head.slice(9, 12)), body })
  })
  return {
    send: ({ method, path, body, idempotency_key }, done) => {
      waiting = done
      const keyed = idempotency_key === undefined ? '' : `idempotency-key: ${idempotency_key}\r\n`
      // All that the load sends is ASCII, so the length in characters is the length in bytes.
      const content = body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${body.length}\r\n`
      socket.write(`${method} ${path}${common}${keyed}${content}\r\n${body ?? ''}`, 'latin1')
    },
    close: () => {
      closing = true
      socket.destroy()
    },
  }
}
