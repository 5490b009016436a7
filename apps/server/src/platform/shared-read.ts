type Waiting<Question, Seen> = { question: Question; resolve: (seen: Seen) => void; reject: (error: unknown) => void }

/** Reads that run at once: while one waits for the database, what the other found is answered. */
const MAX_RUNNING = 2
/** A read begins beside another one only when as many questions wait: small reads cost each question more. */
const WORTH_RUNNING_BESIDE = 16
const MAX_QUESTIONS = 200

/**
 * What `batchCommand` is for writes: questions that come while a read runs share the next one. There is no timer, so a lone
 * question waits for nobody. `read` answers what all of its questions look at; where it fails, each of them is asked alone.
 */
export function shareReads<Question, Seen>(read: (questions: readonly Question[]) => Promise<Seen>): (question: Question) => Promise<Seen> {
  let waiting: Waiting<Question, Seen>[] = []
  let running = 0

  const settle = async (batch: readonly Waiting<Question, Seen>[]): Promise<void> => {
    try {
      const seen = await read(batch.map(({ question }) => question))
      for (const { resolve } of batch) resolve(seen)
    } catch (error) {
      if (batch.length === 1) batch[0]!.reject(error)
      else for (const one of batch) await settle([one])
    }
  }

  const drain = async (): Promise<void> => {
    running++
    while (waiting.length > 0 && (running === 1 || waiting.length >= WORTH_RUNNING_BESIDE)) {
      // What the process has at hand comes first: it joins.
      await new Promise((resolve) => { setImmediate(resolve) })
      const batch = waiting.slice(0, MAX_QUESTIONS)
      waiting = waiting.slice(MAX_QUESTIONS)
      await settle(batch)
    }
    running--
  }

  return (question) => new Promise((resolve, reject) => {
    waiting.push({ question, resolve, reject })
    if (running === 0 || (running < MAX_RUNNING && waiting.length >= WORTH_RUNNING_BESIDE)) void drain()
  })
}
