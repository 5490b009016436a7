import { createServer, connect, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** Stands between processes and their database and breaks what runs through it. */
export type Proxy = {
  port: number
  /** Cuts some of the connections in the middle of whatever they do; answers how many. */
  cut: (choose: () => boolean) => number
  /** Lets some connections hang half-open: nothing comes through, nothing is closed. They are cut after the time. */
  freeze: (choose: () => boolean, ms: number) => number
  close: () => Promise<void>
}

type Pair = { near: Socket; far: Socket }

/** Forwards to the port that the database has at the moment of each connection. */
export async function openProxy(targetPort: () => number): Promise<Proxy> {
  const pairs = new Set<Pair>()
  const end = (pair: Pair): void => {
    pairs.delete(pair)
    pair.near.resetAndDestroy()
    pair.far.resetAndDestroy()
  }
  const server = createServer((near) => {
    const far = connect(targetPort(), '127.0.0.1')
    const pair = { near, far }
    pairs.add(pair)
    for (const socket of [near, far]) {
      socket.setNoDelay(true)
      socket.on('error', () => { end(pair) })
      socket.on('close', () => { end(pair) })
    }
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const chosen = (choose: () => boolean): Pair[] => [...pairs].filter(choose)
  return {
    port: (server.address() as AddressInfo).port,
    cut: (choose) => {
      const broken = chosen(choose)
      for (const pair of broken) end(pair)
      return broken.length
    },
    freeze: (choose, ms) => {
      const frozen = chosen(choose)
      for (const pair of frozen) {
        pair.near.unpipe(pair.far)
        pair.far.unpipe(pair.near)
        pair.near.pause()
        pair.far.pause()
        setTimeout(() => { end(pair) }, ms).unref()
      }
      return frozen.length
    },
    close: () => new Promise((resolve) => {
      for (const pair of [...pairs]) end(pair)
      server.close(() => { resolve() })
    }),
  }
}
