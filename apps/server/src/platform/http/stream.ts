import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

/** Begins an answer that is written bit by bit; nothing on its way may keep it back. */
export function openStream(reply: FastifyReply, mediaType: string): ServerResponse {
  reply.hijack()
  const out = reply.raw
  out.writeHead(200, { ...reply.getHeaders() as OutgoingHttpHeaders, 'content-type': mediaType, 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
  out.flushHeaders()
  return out
}

/** Writes, and waits while the reader is slower than we are: that holds the stream back, not the memory of this process. */
export async function writeToStream(out: ServerResponse, text: string): Promise<void> {
  if (out.write(text) || out.destroyed) return
  await new Promise<void>((resolve) => {
    const go = (): void => {
      out.off('drain', go).off('close', go)
      resolve()
    }
    out.on('drain', go).on('close', go)
  })
}
