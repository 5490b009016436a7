import type { Workload } from './workload.ts'

/** By kind of question: paths that ask it, and whether it always finds something. */
export type ListParameters = { questions: Record<string, string[]> }

/** Asks each kind of question in turn, with ever other values. */
export function listWorkload({ questions }: ListParameters): Workload {
  const kinds = Object.keys(questions)
  let count = 0
  return {
    next: () => {
      const kind = kinds[count % kinds.length]!
      const paths = questions[kind]!
      return { kind, method: 'GET', path: paths[Math.floor(count++ / kinds.length) % paths.length]! }
    },
    // A search that finds nothing would be a fast one.
    expects: ({ status, body }) => status === 200 && !body.includes('"data":[]'),
  }
}
