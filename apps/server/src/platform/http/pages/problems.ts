import type { ProblemTable } from '../../../kernel/problem.ts'
import type { Route } from '../route.ts'
import { html, page, type Html } from './layout.ts'

/** What a status says whatever the code, and what helps where the code says nothing better. */
const STATUSES: Readonly<Record<number, { name: string; meaning: string; remedy: string }>> = {
  400: { name: 'Bad request', meaning: 'The request could not be read.', remedy: 'Correct the request; sending the same again fails the same way.' },
  401: { name: 'Not signed in', meaning: 'Nobody known sent this request.', remedy: 'Send a valid API key in the Authorization header, or sign in.' },
  403: { name: 'Forbidden', meaning: 'The caller is known and may not do this.', remedy: 'Ask an administrator for the permission named in the answer.' },
  404: { name: 'Not found', meaning: 'There is no such thing, or it lies outside the caller\'s channels and locations.', remedy: 'Check the id or code. A caller confined to some channels or locations sees nothing of the others.' },
  405: { name: 'Method not allowed', meaning: 'The address exists, the method does not.', remedy: 'The reference names the methods of each address.' },
  409: { name: 'Conflict', meaning: 'The current state does not allow it. Nothing was changed.', remedy: 'Read the thing again, look at its allowed actions, and decide anew.' },
  412: { name: 'Stale version', meaning: 'Somebody else changed the same field since it was read. Nothing was changed.', remedy: 'The answer carries the current values: decide again and send the new version in If-Match.' },
  413: { name: 'Too large', meaning: 'The body exceeds the limit.', remedy: 'Send it in several calls, or as an import.' },
  414: { name: 'Address too long', meaning: 'The address, or a part of its path, exceeds the limit.', remedy: 'Send the id, code or number alone where the path asks for one.' },
  415: { name: 'Unsupported media type', meaning: 'The body is not of a kind accepted here.', remedy: 'Send JSON with Content-Type: application/json.' },
  422: { name: 'Invalid input', meaning: 'The request was read and cannot be right.', remedy: 'Each entry of `errors` points at one wrong place and says what to do about it.' },
  429: { name: 'Too many requests', meaning: 'The limit is reached for now.', remedy: 'Wait, then try again.' },
  500: { name: 'Internal error', meaning: 'A defect or an outage on our side.', remedy: 'Try again with the same Idempotency-Key, and quote the request id when reporting it.' },
  502: { name: 'Bad gateway', meaning: 'A system behind this one did not answer as it should.', remedy: 'Try again with the same Idempotency-Key.' },
  503: { name: 'Unavailable', meaning: 'It cannot be served right now. Nothing was changed.', remedy: 'Try again after the Retry-After of the answer, with the same Idempotency-Key.' },
}

const statusOf = (status: number): (typeof STATUSES)[number] => STATUSES[status] ?? { name: String(status), meaning: '', remedy: '' }

/** Every problem the API knows, by status. */
export function problemsPage(problems: ProblemTable): string {
  const byStatus = Map.groupBy(Object.entries(problems), ([, { status }]) => status)
  const statuses = [...byStatus.keys()].sort((a, b) => a - b)
  return page({
    title: 'Problems · Switchyard',
    body: html`
<section class="article">
  <h1>Problems</h1>
  <p class="lead">An answer that is not a success is a problem document (RFC 9457). Its <code>code</code> never changes its meaning, so programs may branch on it; <code>detail</code> is for people.</p>
  ${statuses.map((status) => html`
  <h2><span class="status">${status}</span> ${statusOf(status).name}</h2>
  <p class="muted">${statusOf(status).meaning}</p>
  <dl class="codes">${byStatus.get(status)!.sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, { title }]) => html`<div><dt><a href="/problems/${code}"><code>${code}</code></a></dt><dd>${title}</dd></div>`)}</dl>`)}
</section>`,
  })
}

/** One problem: what it means, what helps, who answers with it. Undefined where there is none of that code. */
export function problemPage(problems: ProblemTable, routes: readonly Route[], code: string): string | undefined {
  const problem = Object.hasOwn(problems, code) ? problems[code] : undefined
  if (problem === undefined) return undefined
  const status = statusOf(problem.status)
  const operations = routes.filter((route) => route.problems?.includes(code) === true)
  return page({
    title: `${code} · Switchyard`,
    body: html`
<section class="article">
  <p class="crumbs"><a href="/problems">Problems</a></p>
  <h1>${problem.title}</h1>
  <p><span class="status">${problem.status}</span> <code>${code}</code></p>
  <h2>What it means</h2>
  <p>${status.meaning}</p>
  <h2>What helps</h2>
  <p>${problem.remedy ?? status.remedy}</p>
  ${operations.length === 0 ? [] : [answeredBy(operations)]}
  <h2>How it looks</h2>
  <pre><code>HTTP/1.1 ${problem.status}
Content-Type: application/problem+json

${JSON.stringify({ type: `/problems/${code}`, title: problem.title, status: problem.status, code, detail: '…', request_id: '…' }, null, 2)}</code></pre>
</section>`,
  })
}

function answeredBy(operations: readonly Route[]): Html {
  return html`<h2>Who answers with it</h2>
  <ul class="plain">${operations.map(({ method, url, summary }) => html`<li><code>${method} ${url}</code> ${summary}</li>`)}</ul>`
}
