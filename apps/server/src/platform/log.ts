import { pino, stdSerializers, type Logger } from 'pino'

export type { Logger }

/** JSON lines on standard error; standard output belongs to what a person or a program reads. Secrets never reach it. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    redact: { paths: ['req.headers.authorization', 'req.headers.cookie', 'password', '*.password', '*.token'], censor: '[redacted]' },
  }, pino.destination({ dest: 2, sync: false }))
}

/** The driver hangs the whole connection on its errors, which helps nobody and fills the log. */
function describeError(error: Error): object {
  const { client: _client, ...described } = stdSerializers.err(error) as unknown as Record<string, unknown>
  return described
}
