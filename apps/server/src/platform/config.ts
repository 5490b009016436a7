import { resolve } from 'node:path'
import { refuse } from '../kernel/problem.ts'

/** Everything the environment decides. */
export type Config = {
  host: string
  port: number
  /** Where the embedded database and the files of this installation live. */
  home: string
  /** An outside PostgreSQL; undefined starts the embedded one. */
  database_url: string | undefined
  /** Whether an empty installation is filled with the demo retailer. */
  demo: boolean
  /** An administrator's API key to accept, for scripts. */
  admin_key: string | undefined
  /** Requests that may be at hand at once; undefined leaves it to the server. */
  max_in_flight: number | undefined
  log_level: string
}

export function readConfig(env: NodeJS.ProcessEnv): Config {
  return {
    host: env['HOST'] ?? '127.0.0.1',
    port: readPort(env['PORT']),
    home: resolve(env['SWITCHYARD_HOME'] ?? '.switchyard'),
    database_url: env['DATABASE_URL'] === '' ? undefined : env['DATABASE_URL'],
    demo: env['SWITCHYARD_DEMO'] !== '0',
    admin_key: readAdminKey(env['SWITCHYARD_ADMIN_KEY']),
    max_in_flight: readMaxInFlight(env['SWITCHYARD_MAX_IN_FLIGHT']),
    log_level: env['LOG_LEVEL'] ?? 'info',
  }
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return 4000
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw refuse('bad_configuration', `PORT is a number from 0 to 65535 (0 chooses a free one), not "${text}".`)
  return port
}

function readMaxInFlight(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^[1-9]\d{0,5}$/.test(text)) throw refuse('bad_configuration', `SWITCHYARD_MAX_IN_FLIGHT is a whole number above 0, not "${text}".`)
  return Number(text)
}

function readAdminKey(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  if (text.length < 16) throw refuse('bad_configuration', 'SWITCHYARD_ADMIN_KEY is too short to be a secret: use 16 characters or more.')
  return text
}
