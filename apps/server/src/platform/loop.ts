import type { Logger } from './log.ts'

/** Something that happens again and again in the background. It is safe to run in several processes at once. */
export type Loop = {
  /** Runs the next round at once. */
  poke: () => void
  stop: () => Promise<void>
}

/**
 * Runs `round` until it answers 0 (nothing was left to do), then waits for a poke or the interval. A round that
 * fails is logged and tried again after the interval: the next one may meet a better world.
 */
export function startLoop(name: string, intervalMs: number, round: () => Promise<number>, log: Logger): Loop {
  let stopped = false
  let wake: () => void = () => undefined
  let poked = false

  const pause = (): Promise<void> => new Promise((resolve) => {
    const timer = setTimeout(resolve, intervalMs)
    wake = () => { clearTimeout(timer); resolve() }
  })

  const run = async (): Promise<void> => {
    while (!stopped) {
      poked = false
      try {
        while (!stopped && (await round()) > 0);
      } catch (error) {
        if (!stopped) log.error({ err: error, loop: name }, 'a background round failed; it runs again')
      }
      if (!stopped && !poked) await pause()
    }
  }
  const finished = run()

  return {
    poke: () => { poked = true; wake() },
    stop: async () => { stopped = true; wake(); await finished },
  }
}
