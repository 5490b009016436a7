import { Type } from 'typebox'
import { refuse, type ProblemTable } from '../../../kernel/problem.ts'
import type { Module } from '../../module.ts'
import { route, type Call, type Route } from '../route.ts'
import { closed } from '../schemas.ts'
import { etagOf, findAsset } from './assets.ts'
import { PAGE_POLICY } from './layout.ts'
import { problemPage, problemsPage } from './problems.ts'
import { REFERENCE_POLICY, referencePage, scalarBundle } from './reference.ts'
import { startPage } from './start.ts'

/** What the pages tell about, known when all modules are joined. */
export type PagesOptions = {
  problems: () => ProblemTable
  routes: () => readonly Route[]
  /** The cookie of a signed-in browser: its presence alone decides how the start page begins. */
  session_cookie: string
}

/** Pages for people, before anybody has signed in: they show nothing that is not public. */
export function pagesModule(options: PagesOptions): Module {
  return {
    name: 'pages',
    routes: [start(options), listProblems(options), getProblem(options), reference, referenceScript, description, asset],
    permissions: {},
    problems: {},
  }
}

type AnyCall = Call<unknown, unknown, unknown>

const HTML = { method: 'GET', tag: 'pages', permission: 'public', page: true, sends: 'text/html', reply: { status: 200 } } as const

function sendPage({ header }: Pick<AnyCall, 'header'>, markup: string, policy = PAGE_POLICY): string {
  header('content-type', 'text/html; charset=utf-8')
  header('content-security-policy', policy)
  header('cache-control', 'no-cache')
  return markup
}

/** Sends a file, or says that the browser has it already. */
function sendFile({ header, raw }: Pick<AnyCall, 'header' | 'raw'>, body: Buffer, mediaType: string, etag: string): Buffer | undefined {
  header('content-type', mediaType)
  header('cache-control', 'no-cache')
  header('etag', etag)
  if (raw.request.headers['if-none-match'] !== etag) return body
  void raw.reply.code(304).send()
  return undefined
}

const start = ({ session_cookie }: PagesOptions): Route => route({
  ...HTML, operation_id: 'getStartPage', url: '/', summary: 'The start page',
  handle: async (call) => sendPage(call, startPage(call.raw.request.cookies[session_cookie] !== undefined)),
})

const listProblems = ({ problems }: PagesOptions): Route => route({
  ...HTML, operation_id: 'getProblemsPage', url: '/problems', summary: 'Every problem and what helps',
  handle: async (call) => sendPage(call, problemsPage(problems())),
})

const getProblem = ({ problems, routes }: PagesOptions): Route => route({
  ...HTML, operation_id: 'getProblemPage', url: '/problems/:code', summary: 'One problem and what helps',
  params: Type.Object({ code: Type.String({ maxLength: 80 }) }, closed), problems: ['not_found'],
  handle: async (call) => {
    const markup = problemPage(problems(), routes(), call.params.code)
    if (markup === undefined) throw refuse('not_found', `There is no problem ${call.params.code}. All of them are at /problems.`)
    return sendPage(call, markup)
  },
})

const reference = route({
  ...HTML, operation_id: 'getReferencePage', url: '/reference', summary: 'The reference of the API',
  handle: async (call) => sendPage(call, referencePage(), REFERENCE_POLICY),
})

const referenceScript = route({
  ...HTML, operation_id: 'getReferenceScript', url: '/reference/scalar.js', sends: 'text/javascript', summary: 'What draws the reference',
  handle: async (call) => {
    const body = await scalarBundle()
    call.header('content-encoding', 'gzip')
    return sendFile(call, body, 'text/javascript; charset=utf-8', etagOf(body))
  },
})

const description = route({
  ...HTML, operation_id: 'getDescription', url: '/openapi.json', sends: 'application/json', summary: 'The API for programs, as OpenAPI 3.1',
  handle: async (call) => {
    const body = Buffer.from(JSON.stringify(call.raw.request.server.openapi()))
    return sendFile(call, body, 'application/json; charset=utf-8', etagOf(body))
  },
})

const asset = route({
  ...HTML, operation_id: 'getAsset', url: '/assets/:name', sends: 'application/octet-stream', summary: 'A file that pages are made of',
  params: Type.Object({ name: Type.String({ maxLength: 80 }) }, closed), problems: ['not_found'],
  handle: async (call) => {
    const found = await findAsset(call.params.name)
    if (found === undefined) throw refuse('not_found', `There is no file ${call.params.name}.`)
    return sendFile(call, found.body, found.media_type, found.etag)
  },
})
