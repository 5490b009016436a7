/** The wish that this process end, whoever has it: a signal, the process that supervises us, or a defect. */
export type Ending = {
  /** Resolves when the end is wished, with the exit code it should have. */
  wished: Promise<number>
  isWished: () => boolean
  /** Called at a second wish: somebody is in a hurry. */
  onHurry: (callback: () => void) => void
  /** Stops listening; signals end the process at once again. */
  release: () => void
}

/** Ctrl-C reaches us twice, from the terminal and from the supervisor: within this time it is one wish. */
const SAME_WISH_MS = 1_000

/** Listens for SIGTERM, SIGINT, SIGHUP and, where scripts/supervise.js runs us, for its end. */
export function listenForEnding(onDefect: (error: unknown) => void): Ending {
  const { promise, resolve } = Promise.withResolvers<number>()
  let wishedAtMs: number | undefined
  let hurry: () => void = () => undefined
  const wish = (code: number): void => {
    if (wishedAtMs === undefined) {
      wishedAtMs = Date.now()
      resolve(code)
    } else if (Date.now() - wishedAtMs > SAME_WISH_MS) {
      hurry()
    }
  }
  const onSignal = (): void => { wish(0) }
  const onBug = (error: unknown): void => {
    onDefect(error)
    wish(1)
  }
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  process.on('uncaughtException', onBug)
  const supervised = process.env['SWITCHYARD_SUPERVISED'] === '1' && process.connected
  if (supervised) process.on('disconnect', onSignal)
  return {
    wished: promise,
    isWished: () => wishedAtMs !== undefined,
    onHurry: (callback) => { hurry = callback },
    release: () => {
      for (const signal of signals) process.off(signal, onSignal)
      process.off('uncaughtException', onBug)
      process.off('disconnect', onSignal)
    },
  }
}
