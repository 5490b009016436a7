import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { useApp } from '../../../../test/harness/app.ts'
import { html } from './layout.ts'

const app = useApp()
const ask = (url: string, headers: Record<string, string> = {}) => app().application.server.inject({ url, headers })

describe('pages', () => {
  test.each(['/', '/problems', '/problems/out_of_stock', '/reference'])('%s runs nothing but its own files', async (url) => {
    const { statusCode, headers, body } = await ask(url)
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'; script-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/https?:|unsafe-eval|\*/)
    expect(body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    expect(body).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|style="/)
  })

  test('their files come from here and name no other host', async () => {
    const folder = join(import.meta.dirname, 'assets')
    for (const name of readdirSync(folder)) {
      expect([name, (await ask(`/assets/${name}`)).statusCode]).toEqual([name, 200])
      expect(readFileSync(join(folder, name), 'utf8').replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//)
    }
    expect((await ask('/assets/hyperlegible-400.woff2')).headers['content-type']).toBe('font/woff2')
    expect((await ask('/assets/..%2flayout.ts')).statusCode).toBe(404)
  })

  test('a file that the browser has is not sent again', async () => {
    const first = await ask('/assets/page.css')
    const second = await ask('/assets/page.css', { 'if-none-match': String(first.headers.etag) })
    expect([second.statusCode, second.body]).toEqual([304, ''])
  })

  test('the reference draws from the bundle that was installed', async () => {
    const { headers, rawPayload } = await ask('/reference/scalar.js')
    expect([headers['content-type'], headers['content-encoding']]).toEqual(['text/javascript; charset=utf-8', 'gzip'])
    expect(rawPayload.length).toBeGreaterThan(100_000)
    expect((await ask('/openapi.json')).json()).toEqual(JSON.parse(JSON.stringify(app().application.server.openapi())))
  })

  test('every problem that a module declares is explained', async () => {
    const list = (await ask('/problems')).body
    const codes = app().application.modules.flatMap(({ problems }) => Object.keys(problems))
    for (const code of new Set(codes)) {
      expect(list).toContain(`href="/problems/${code}"`)
      const { statusCode, body } = await ask(`/problems/${code}`)
      expect([code, statusCode]).toEqual([code, 200])
      // A status without words of its own would leave these empty.
      expect(body, code).not.toMatch(/<p><\/p>/)
    }
    expect((await ask('/problems/toString')).statusCode).toBe(404)
  })
})

test('answers of the API are data that no browser runs, guesses or frames', async () => {
  for (const url of ['/v1/orders', '/health/live', '/nothing-here']) {
    const { headers } = await ask(url)
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'same-origin' })
    expect(headers['content-security-policy']).toContain("default-src 'none'; frame-ancestors 'none'")
  }
})

test('texts in markup are escaped, markup is not', () => {
  expect(html`<p title="${'"><script>'}">${html`<b>${'a & b'}</b>`}${[html`<i>1</i>`, html`<i>2</i>`]}</p>`.markup)
    .toBe('<p title="&quot;&gt;&lt;script&gt;"><b>a &amp; b</b><i>1</i><i>2</i></p>')
})
