import { gzip } from 'node:zlib'
import { promisify } from 'node:util'
import { html } from './layout.ts'

/** The reference draws itself with styles of its own making; otherwise it is as confined as every page. */
export const REFERENCE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

export function referencePage(): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reference · Switchyard</title>
<link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/fonts.css">
</head>
<body>
<div id="app"></div>
<noscript>The reference needs JavaScript. The same description for programs is <a href="/openapi.json">openapi.json</a>.</noscript>
<script src="/reference/scalar.js"></script>
<script src="/assets/reference.js"></script>
</body>
</html>
`.markup
}

let bundle: Promise<Buffer> | undefined

/**
 * Scalar's browser bundle, compressed. The package carries it inside its Fastify plugin, so the plugin is asked for it
 * on a server of its own: registered on ours it would add routes that nobody guards. 4 MB, loaded when first wanted.
 */
export function scalarBundle(): Promise<Buffer> {
  bundle ??= loadBundle()
  return bundle
}

async function loadBundle(): Promise<Buffer> {
  const [{ default: fastify }, { default: scalar }] = await Promise.all([import('fastify'), import('@scalar/fastify-api-reference')])
  const app = fastify()
  await app.register(scalar, { routePrefix: '/reference', configuration: { url: '/openapi.json' } })
  const { rawPayload } = await app.inject('/reference/js/scalar.js')
  await app.close()
  return promisify(gzip)(rawPayload)
}
