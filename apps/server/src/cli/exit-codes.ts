/** What the shell is told. Stable: scripts branch on these (docs/cli.md). */
export const EXIT = {
  ok: 0,
  /** Refused, or something failed. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** `audit` found rows that break an identity. */
  found: 3,
  /** Another copy runs on the same home. */
  occupied: 4,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends the command with a sentence and an exit code; never with a stack trace. */
export class CliFailure extends Error {
  override name = 'CliFailure'
  readonly exit: ExitCode

  constructor(exit: ExitCode, message: string) {
    super(message)
    this.exit = exit
  }
}
