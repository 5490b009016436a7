import { Ajv, type ValidateFunction } from 'ajv'
import formatsModule from 'ajv-formats'
import { isCountry } from '../../src/kernel/country.ts'
import { NDJSON_MEDIA, type Operation } from './document.ts'
import type { Sent } from './inputs.ts'
import type { Answer } from './target.ts'

// The package is CommonJS and carries its plugin in `default`.
const addFormats = formatsModule as unknown as (ajv: Ajv) => Ajv

/** What no answer may carry: a stack, a statement, a message of the database, a stored secret. */
const LEAKS = [/\n\s+at .+:\d+:\d+/, /node_modules|node:internal|\.ts:\d+/, /\bselect .+ from \w+ where\b.*\$\d/s, /(violates|invalid byte sequence|syntax error at or near|duplicate key value|relation "\w+"|column "\w+"|invalid input syntax|out of range for type|pg_catalog)/, /\$argon2/]

export type Judge = (operation: Operation, sent: Sent, answer: Answer) => string[]

/** Says what is wrong with an answer, by what the document promises of it. */
export function createJudge(): Judge {
  const ajv = addFormats(new Ajv({ strict: false, allErrors: false, formats: { country: isCountry } }))
  const validators = new Map<object, ValidateFunction>()
  const validatorOf = (schema: object): ValidateFunction => {
    const known = validators.get(schema)
    if (known !== undefined) return known
    const validator = ajv.compile(schema)
    validators.set(schema, validator)
    return validator
  }

  return (operation, sent, answer) => {
    const wrong: string[] = []
    if (answer.status >= 500) wrong.push(`answers with ${answer.status}`)
    if (answer.headers['x-request-id'] === undefined) wrong.push('the answer carries no request id')
    if (answer.headers['x-evil'] !== undefined || answer.headers['set-cookie'] === 'x=1') wrong.push('a header of the caller\'s making')
    const problem = answer.status >= 400
    const { strayed } = sent
    const promised = operation.responses.get(answer.status)
    if (promised === undefined && !strayed) wrong.push(`the status ${answer.status} is not documented`)
    const type = String(answer.headers['content-type'] ?? '').split(';')[0]!
    if (problem) {
      if (type !== 'application/problem+json') wrong.push(`a problem comes as ${type || 'nothing'}`)
      const { code, status, request_id } = (answer.body ?? {}) as { code?: string; status?: number; request_id?: string }
      if (promised !== undefined && !promised.codes.includes(String(code)) && !strayed) wrong.push(`the problem ${code} is not documented for ${answer.status}`)
      if (status !== answer.status || request_id !== answer.headers['x-request-id']) wrong.push('the problem names another status or request')
      const leak = LEAKS.find((pattern) => pattern.test(answer.text))
      if (leak !== undefined) wrong.push(`the answer gives away what is inside (${leak.source.slice(0, 40)})`)
    }
    if (promised !== undefined) {
      const schema = promised.media[type]
      if (schema === undefined && Object.keys(promised.media).length > 0) wrong.push(`the media type ${type || 'none'} is not documented for ${answer.status}`)
      if (Object.keys(promised.media).length === 0 && answer.text !== '') wrong.push(`${answer.status} promises no content`)
      if (schema !== undefined && type === NDJSON_MEDIA) wrong.push(...wrongLines(answer.text))
      else if (schema !== undefined && type.includes('json')) {
        const validate = validatorOf(schema)
        if (!validate(answer.body)) wrong.push(`the answer breaks its schema: ${ajv.errorsText(validate.errors)}`)
      }
    }
    return wrong
  }
}

/** Each line of a stream is an answer of its own: what one request would answer with 500 is no better here. */
function wrongLines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '').flatMap((line) => {
    const { problem } = JSON.parse(line) as { problem?: { status: number; code: string } }
    return problem !== undefined && problem.status >= 500 ? [`a line answers with ${problem.status}`] : []
  })
}
