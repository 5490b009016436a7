import { randomInt } from 'node:crypto'
import { sql } from '../platform/sql.ts'
import { Refusal } from '../kernel/problem.ts'
import type { Application } from '../wiring.ts'
import type { ApiCall } from './in-process-api.ts'
import type { Progress } from './output.ts'

/** Somebody who can sign in, printed for the person who started the server. */
export type Login = { email: string; password: string; role: string }

/**
 * Fills an installation in which nobody can sign in yet. It must create its users last: a first run that was cut off is
 * begun again at the next start, and users are the sign that one was finished.
 */
export type FirstRun = (application: Application, progress: Progress, call: ApiCall) => Promise<{ logins: Login[] }>

/** Fills an empty installation. Answers who can sign in: those just made, or at a later start those of the demo, whose passwords are no secret. */
export async function runFirst(application: Application, options: { demo: boolean; progress: Progress; call: ApiCall }): Promise<{ first: boolean; logins: Login[] }> {
  const { empty } = await application.db.one<{ empty: boolean }>(sql`select not exists (select from users) as empty`)
  if (!options.demo) return empty ? { first: true, ...(await createAdministrator(application, options.progress, options.call)) } : { first: false, logins: [] }
  // Loaded only where it is needed: the demo is nothing that a server carries along.
  const { seedDemo, demoLogins } = await import('../demo/seed.ts')
  return empty ? { first: true, ...(await seedDemo(application, options.progress, options.call)) } : { first: false, logins: await demoLogins(application) }
}

const ADMINISTRATOR = 'admin@switchyard.local'

async function createAdministrator(_application: Application, _progress: Progress, call: ApiCall): Promise<{ logins: Login[] }> {
  const password = newPassword()
  try {
    await call('POST', '/v1/users', { email: ADMINISTRATOR, name: 'Administrator', password, roles: [{ role: 'administrator' }] })
  } catch (error) {
    // Another server on the same database was faster and printed its password.
    if (error instanceof Refusal && error.code === 'already_exists') return { logins: [] }
    throw error
  }
  return { logins: [{ email: ADMINISTRATOR, password, role: 'Administrator; this password is shown once and stored nowhere' }] }
}

/** 95 bits in five groups that can be read out: no letter looks like a digit. */
function newPassword(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'
  return Array.from({ length: 5 }, () => Array.from({ length: 4 }, () => alphabet[randomInt(alphabet.length)]).join('')).join('-')
}
