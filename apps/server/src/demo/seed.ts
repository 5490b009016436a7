import { join } from 'node:path'
import type { FirstRun, Login } from '../cli/first-run.ts'
import { DAY_MS } from '../kernel/time.ts'
import { arrayOf, sql } from '../platform/sql.ts'
import type { Application } from '../wiring.ts'
import { seedExamples } from './examples.ts'

const SLICE = join(import.meta.dirname, '../../demo/online-retail-slice.csv.gz')
/** The last day of the slice; the demo moves it to just before today, by whole weeks so that weekends stay weekends. */
const LAST_DAY = Date.parse('2011-08-31T00:00:00Z')
const PASSWORD = 'switchyard-demo'

const STAFF = [
  { role: 'administrator', name: 'Alex Admin', title: 'Administrator' },
  { role: 'customer_service', name: 'Casey Rep', title: 'Customer service' },
  { role: 'warehouse', name: 'Wim Packer', title: 'Warehouse' },
  { role: 'store', name: 'Sam Store', title: 'Store', locations: ['bristol-store'] },
  { role: 'inventory_manager', name: 'Ines Stock', title: 'Inventory manager' },
  { role: 'developer', name: 'Dana Dev', title: 'Integration developer' },
  { role: 'viewer', name: 'Vic Viewer', title: 'Viewer' },
] as const

/** A retailer with nine months of real orders and one example of every exception. Users come last: they are the sign that it was finished. */
export const seedDemo: FirstRun = async (application, progress, call) => {
  const weeks = Math.floor((Date.now() - LAST_DAY) / (7 * DAY_MS))
  progress.line('Seeding the demo retailer: nine months of real orders (Online Retail, CC0)')
  await application.importOnlineRetail(SLICE, { shift_days: weeks * 7, progress: (lines, rate) => { progress.passing(`  ${lines} invoice lines, ${rate} a second`) } })
  progress.line('Seeding examples of everything that needs attention')
  await seedExamples(application, call)
  const logins: Login[] = []
  for (const { role, name, title, ...scope } of STAFF) {
    const email = emailOf(role)
    await call('POST', '/v1/users', { email, name, password: PASSWORD, roles: [{ role, ...scope }], time_zone: 'Europe/London' })
    logins.push({ email, password: PASSWORD, role: title })
  }
  return { logins }
}

function emailOf(role: string): string {
  return `${role.replace('_', '-')}@switchyard.local`
}

/** The logins of the demo that still hold: of users whom nobody has changed since. */
export async function demoLogins(application: Pick<Application, 'db'>): Promise<Login[]> {
  const untouched = await application.db.rows<{ email: string }>(sql`
    select email from users where active and version = 1 and email = any(${arrayOf(STAFF.map(({ role }) => emailOf(role)), 'text')})`)
  const emails = new Set(untouched.map(({ email }) => email))
  return STAFF.filter(({ role }) => emails.has(emailOf(role))).map(({ role, title }) => ({ email: emailOf(role), password: PASSWORD, role: title }))
}
