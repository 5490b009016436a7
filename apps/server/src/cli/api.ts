import type { Command } from 'commander'
import { inApplicationWith, parseJson, readInput } from './context.ts'
import { CliFailure, EXIT } from './exit-codes.ts'
import type { Method } from './in-process-api.ts'

const METHODS: readonly Method[] = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE']
type ApiOptions = { data?: string; key?: string; ifMatch?: string }

export function registerApi(program: Command): void {
  program.command('api <method> <path>')
    .description('Ask any route of the API as an administrator')
    .option('-d, --data <json>', 'the body: JSON, @FILE, or @- for standard input')
    .option('-k, --key <text>', 'the Idempotency-Key of a write')
    .option('--if-match <version>', 'the version an edit is based on')
    .addHelpText('after', `
No server need run. The reference of all routes is at /reference of a running server and in openapi.json.

Examples:
  npm run -s switchyard -- api GET '/v1/orders?limit=5&sort=-placed_at'
  npm run -s switchyard -- api POST /v1/locations --data @location.json
  npm run -s switchyard -- api PATCH /v1/users/usr_01j9… --data '{"active":false}' --if-match 3`)
    .action(inApplicationWith(readRequest, async ({ send, out }, { verb, body }, _method, path, options) => {
      const answer = await send(verb, path.startsWith('/') ? path : `/${path}`, body, {
        ...(options.key === undefined ? {} : { 'idempotency-key': options.key }),
        ...(options.ifMatch === undefined ? {} : { 'if-match': /^\d+$/.test(options.ifMatch) ? `"${options.ifMatch}"` : options.ifMatch }),
      })
      const isJson = answer.content_type.includes('json')
      const value: unknown = isJson && answer.text !== '' ? JSON.parse(answer.text) : answer.text
      if (answer.text === '' && answer.status === 204) out({ status: answer.status }, () => 'Done.')
      else out(value, () => (isJson ? JSON.stringify(value, null, 2) : answer.text))
    }))
}

async function readRequest(method: string, _path: string, options: ApiOptions): Promise<{ verb: Method; body: unknown }> {
  const verb = METHODS.find((known) => known === method.toUpperCase())
  if (verb === undefined) throw new CliFailure(EXIT.usage, `There is no method "${method}". There are ${METHODS.join(', ')}.`)
  return { verb, body: options.data === undefined ? undefined : await bodyOf(options.data) }
}

async function bodyOf(data: string): Promise<unknown> {
  if (!data.startsWith('@')) return parseJson(data, 'The value of --data')
  const file = data.slice(1)
  return parseJson(await readInput(file), file === '-' ? 'Standard input' : file)
}
