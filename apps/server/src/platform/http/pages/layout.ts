/** Markup that is safe to send: every text put into it was escaped. */
export type Html = { readonly markup: string }

type Value = string | number | Html | readonly Html[]

/** `` html`<p>${text}</p>` ``: texts are escaped, markup is taken as it is. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: parts.reduce((markup, part, i) => markup + render(values[i - 1]!) + part) }
}

function render(value: Value): string {
  if (typeof value === 'string' || typeof value === 'number') return escape(String(value))
  return Array.isArray(value) ? value.map(render).join('') : (value as Html).markup
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')
}

/** Pages use nothing but their own files: no inline script, no other host. */
export const PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const TRACKS = html`<svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
  <path d="M3 8h9c6 0 6 8 12 8h5M3 24h9c6 0 6-8 12-8M3 16h26" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"/>
</svg>`

export type Page = { title: string; body: Html; /** Scripts of the page, by asset name. */ scripts?: readonly string[]; signed_in?: boolean }

/** A whole page in the one frame that all pages share. */
export function page({ title, body, scripts = [], signed_in = false }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/page.css">
${scripts.map((name) => html`<script src="/assets/${name}" defer></script>`)}
</head>
<body data-signed-in="${String(signed_in)}">
<header class="top">
  <a class="brand" href="/">${TRACKS}<span>Switchyard</span></a>
  <nav aria-label="Main">
    <a href="/reference">Reference</a>
    <a href="/problems">Problems</a>
    <span id="account"></span>
  </nav>
</header>
<main>${body}</main>
<footer class="bottom">
  <span id="health" class="muted"></span>
  <nav aria-label="For machines"><a href="/openapi.json">OpenAPI</a><a href="/health/ready">Health</a><a href="/metrics">Metrics</a></nav>
</footer>
</body>
</html>
`.markup
}
