import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'

export type Asset = { body: Buffer; media_type: string; etag: string }

const FOLDER = join(import.meta.dirname, 'assets')
const FONTS = '@fontsource/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin'

/** The files that pages are made of: name in the address → where it lies and what it is. */
const FILES: Readonly<Record<string, { path: () => string; media_type: string }>> = {
  'fonts.css': own('fonts.css', 'text/css; charset=utf-8'),
  'page.css': own('page.css', 'text/css; charset=utf-8'),
  'start.js': own('start.js', 'text/javascript; charset=utf-8'),
  'reference.js': own('reference.js', 'text/javascript; charset=utf-8'),
  'mark.svg': own('mark.svg', 'image/svg+xml'),
  'hyperlegible-400.woff2': font('400'),
  'hyperlegible-700.woff2': font('700'),
}

function own(name: string, mediaType: string): (typeof FILES)[string] {
  return { path: () => join(FOLDER, name), media_type: mediaType }
}

function font(weight: string): (typeof FILES)[string] {
  return { path: () => createRequire(import.meta.url).resolve(`${FONTS}-${weight}-normal.woff2`), media_type: 'font/woff2' }
}

const loaded = new Map<string, Promise<Asset>>()

/** The asset of that name; undefined where there is none. Files are read once. */
export function findAsset(name: string): Promise<Asset> | undefined {
  if (!Object.hasOwn(FILES, name)) return undefined
  let asset = loaded.get(name)
  if (asset === undefined) {
    asset = load(name)
    loaded.set(name, asset)
  }
  return asset
}

async function load(name: string): Promise<Asset> {
  const file = FILES[name]!
  const body = await readFile(file.path())
  return { body, media_type: file.media_type, etag: etagOf(body) }
}

export function etagOf(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
}
