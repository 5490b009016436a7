import type { Command } from 'commander'
import { inApplication } from './context.ts'
import { CliFailure, EXIT } from './exit-codes.ts'
import { withQuery } from './in-process-api.ts'
import { shortTime, strong, table } from './output.ts'

type KeyView = { id: string; name: string; prefix: string; permissions: string[]; channels: string[] | null; locations: string[] | null; created_at: string; expires_at: string | null; revoked_at: string | null }
type CreateOptions = { permission?: string[]; role?: string; channel?: string[]; location?: string[]; expires?: string }

/** Collects an option that may be given several times, each time with one value or several, comma-separated. */
const collect = (value: string, earlier: string[] = []): string[] => [...earlier, ...value.split(',').map((part) => part.trim()).filter((part) => part !== '')]

export function registerKeys(program: Command): void {
  const keys = program.command('keys').description('Make, list and revoke API keys')

  keys.command('create <name>')
    .description('Make an API key; it is shown once')
    .option('-p, --permission <permission>', 'what it may do; may be repeated ("*" is everything)', collect)
    .option('-r, --role <code>', 'the permissions of this role')
    .option('--channel <code>', 'confine it to this channel; may be repeated', collect)
    .option('--location <code>', 'confine it to this location; may be repeated', collect)
    .option('--expires <instant>', 'when it stops working, such as 2027-01-01T00:00:00Z')
    .addHelpText('after', `
Examples:
  npm run switchyard -- keys create "web shop" --role developer --channel web
  npm run -s switchyard -- keys create ci --permission '*' --json`)
    .action(inApplication(async ({ call, out }, name: string, options: CreateOptions) => {
      const permissions = [...(options.permission ?? []), ...(options.role === undefined ? [] : await permissionsOfRole(call, options.role))]
      if (permissions.length === 0) throw new CliFailure(EXIT.usage, 'Say what the key may do: --permission orders:read (several times if need be), or --role developer.')
      const key = await call<{ id: string; key: string; prefix: string }>('POST', '/v1/api-keys', {
        name, permissions: [...new Set(permissions)],
        ...(options.channel === undefined ? {} : { channels: options.channel }),
        ...(options.location === undefined ? {} : { locations: options.location }),
        ...(options.expires === undefined ? {} : { expires_at: options.expires }),
      })
      out(key, () => `${strong(key.key)}\nKeep it now: it is stored nowhere. To end it: keys revoke ${key.id}`)
    }))

  keys.command('list')
    .description('List API keys, newest first')
    .option('-n, --limit <number>', 'how many', '50')
    .addHelpText('after', '\nExample:\n  npm run switchyard -- keys list')
    .action(inApplication(async ({ call, out }, options: { limit: string }) => {
      const page = await call<{ data: KeyView[] }>('GET', withQuery('/v1/api-keys', options))
      out(page, () => table(page.data, [
        { title: 'id', value: ({ id }) => id },
        { title: 'name', value: ({ name }) => name },
        { title: 'begins', value: ({ prefix }) => prefix },
        { title: 'created', value: ({ created_at }) => shortTime(created_at) },
        { title: 'ends', value: ({ revoked_at, expires_at }) => (revoked_at === null ? shortTime(expires_at) : 'revoked') },
        { title: 'may', value: ({ permissions }) => permissions.join(' ') },
        { title: 'in channels', value: ({ channels }) => confinement(channels) },
        { title: 'at locations', value: ({ locations }) => confinement(locations) },
      ], 'No keys.'))
    }))

  keys.command('revoke <id>')
    .description('End a key; it stops working within five seconds')
    .addHelpText('after', '\nExample:\n  npm run switchyard -- keys revoke key_01j9…')
    .action(inApplication(async ({ call, out }, id: string) => {
      const revoked = await call<{ id: string }>('DELETE', `/v1/api-keys/${encodeURIComponent(id)}`)
      out(revoked, () => `Revoked ${revoked.id}.`)
    }))
}

function confinement(codes: readonly string[] | null): string {
  if (codes === null) return 'all'
  return codes.length === 0 ? 'none' : codes.join(' ')
}

async function permissionsOfRole(call: <Body>(method: 'GET', path: string) => Promise<Body>, code: string): Promise<string[]> {
  const { data } = await call<{ data: { code: string; permissions: string[] }[] }>('GET', '/v1/roles')
  const role = data.find((candidate) => candidate.code === code)
  if (role === undefined) throw new CliFailure(EXIT.usage, `There is no role "${code}". There are ${data.map((candidate) => candidate.code).join(', ')}.`)
  return role.permissions
}
