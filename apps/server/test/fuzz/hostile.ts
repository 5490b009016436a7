import { array, constant, constantFrom, integer, oneof, type Arbitrary } from 'fast-check'

/** Text that stands in JSON as it is: what no JavaScript value says. */
export class Raw {
  readonly text: string
  constructor(text: string) { this.text = text }
}

/** What no database can hold: worth more than a place in the long list. */
const UNSTORABLE = ['a\0b', '\0', '\ud800', 'x\udfff', 'Ada\0', '\ud83d']

const TEXTS = [
  // What looks like something else on the screen.
  '\u202egnp.exe', 'שלום\u200f‏', '\u200b', '\ufeffbom', 'e\u0301'.repeat(20), '👩‍👩‍👧‍👦', '\u0000\u0001\u001b[31m', '\u2028', 'ﷺ', '𝕳',
  // What other languages read.
  `'; drop table orders; --`, `' or '1'='1`, '" or ""="', '$1', '%s%n', '${7*7}', '{{7*7}}', '\\', '%', '_', `\\'; select pg_sleep(5); --`,
  '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '"><svg/onload=alert(1)>', '&lt;b&gt;', ']]>', '<!--',
  '=1+1', '+1', '-1', '@sum(a1)', '\t=1', '\r=cmd|/c calc!a0', ' =1', '=HYPERLINK("http://x.example")',
  '^XA^FO50,50^FDx^FS^XZ', '~JR', '^FD^FS', '%PDF-1.4', '(a\\)b)',
  'a\r\nSet-Cookie: x=1', '\r\n\r\n', '../../etc/passwd', 'file:///etc/passwd', 'http://169.254.169.254/', 'javascript:alert(1)',
  // What looks like a card.
  '4111111111111111', '4111 1111 1111 1111', '5500-0000-0000-0004', '٤١١١١١١١١١١١١١١١',
  '', ' ', 'null', 'undefined', 'NaN', 'true', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '00000000-0000-0000-0000-000000000000', '0', '-0', '1e400', '9'.repeat(400), '١٢', '0x10', '1_000', '2026-02-30', '0000-01-01', '9999-12-31T23:59:60Z', '2026-03-03T09:00:00+23:59', '10000-01-01',
]

/** Long ones cost time to carry, so they come now and then. */
const LONG_TEXTS = ['x'.repeat(10_000), '('.repeat(5_000), 'a'.repeat(300) + '!', '\u202e'.repeat(2_000), 'é'.repeat(65_536)]

const NUMBERS = ['1e400', '-1e400', '-0', '-0.0', '1e-400', '0.1', '1.0000000000000001', '2147483647', '2147483648', '-2147483649', '9007199254740993', '9223372036854775808', '1e15', '1e308', `1${'0'.repeat(500)}`].map((text) => new Raw(text))

const DEEP = [new Raw('['.repeat(500) + ']'.repeat(500)), new Raw('{"a":'.repeat(500) + '1' + '}'.repeat(500))]
const SHAPES = [null, [], {}, [null], [[]], new Raw('{"__proto__":{"admin":true}}'), new Raw('{"constructor":{"prototype":{"admin":true}}}'), new Raw('{"toString":1}'), true, false, new Raw('{"a":1,"a":2}')]

/** Values that a field is not meant for. */
export const hostileValues: Arbitrary<unknown> = oneof(
  { weight: 20, arbitrary: constantFrom<unknown>(...UNSTORABLE) },
  { weight: 45, arbitrary: constantFrom<unknown>(...TEXTS) },
  { weight: 3, arbitrary: constantFrom<unknown>(...LONG_TEXTS) },
  { weight: 14, arbitrary: constantFrom<unknown>(...NUMBERS) },
  { weight: 10, arbitrary: constantFrom<unknown>(...SHAPES) },
  { weight: 3, arbitrary: constantFrom<unknown>(...DEEP) },
  { weight: 10, arbitrary: array(integer({ min: 0, max: 0x10ffff }), { maxLength: 40 }).map((points) => String.fromCodePoint(...points)) },
)

/** Names of fields that nobody declared. */
export const hostileNames: Arbitrary<string> = constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'id', 'version', 'created_at', 'admin', '', 'a\0b', '\ud800', 'x'.repeat(2_000), '$ref', '0', '/~0', 'a.b', '<b>')

/** What is wrong with the exchange itself. `body` changes the written text, `url` the written address. */
export type Wire = { name: string; headers?: Record<string, string>; body?: (text: string) => string; url?: (url: string) => string; without?: 'authorization' }

const addQuery = (text: string) => (url: string): string => `${url}${url.includes('?') ? '&' : '?'}${text}`
const replaceLast = (text: string) => (url: string): string => url.replace(/[^/?]+(?=$|\?)/, text)

const WIRES: Wire[] = [
  { name: 'cut JSON', body: (text) => text.slice(0, Math.max(1, text.length - 2)) },
  { name: 'JSON and more', body: (text) => `${text}{}` },
  { name: 'a key twice', body: (text) => text.replace(/^\{("(?:[^"\\]|\\.)*")/, '{$1:null,$1') },
  { name: 'a byte order mark', body: (text) => `\ufeff${text}` },
  { name: 'single quotes', body: (text) => text.replaceAll('"', "'") },
  { name: 'a comma too many', body: (text) => text.replace(/\}$/, ',}') },
  { name: 'no body', body: () => '' },
  { name: 'a body of null', body: () => 'null' },
  { name: 'a body of text', body: (text) => JSON.stringify(text) },
  { name: 'a body in a list', body: (text) => `[${text}]` },
  { name: 'NaN', body: (text) => text.replace(/:\s*(\d+|"[^"]*")/, ':NaN') },
  { name: 'a raw NUL', body: (text) => `${text}\0` },
  { name: '__proto__ in the body', body: (text) => text.replace(/^\{/, text === '{}' ? '{"__proto__":{"admin":true}' : '{"__proto__":{"admin":true},') },
  { name: 'deep nesting', body: () => '['.repeat(20_000) },
  { name: 'plain text', headers: { 'content-type': 'text/plain' } },
  { name: 'a form', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  { name: 'parts', headers: { 'content-type': 'multipart/form-data; boundary=x' } },
  { name: 'an empty content type', headers: { 'content-type': '' } },
  { name: 'a broken content type', headers: { 'content-type': 'application/json;;charset=\u00ff' } },
  { name: 'JSON with a charset', headers: { 'content-type': 'application/json; charset=utf-16' } },
  { name: 'JSON of a kind', headers: { 'content-type': 'application/vnd.api+json' } },
  { name: 'a NUL in the idempotency key', headers: { 'idempotency-key': 'a\0b' } },
  { name: 'an idempotency key of half a character', headers: { 'idempotency-key': 'a\ud800' } },
  { name: 'an empty idempotency key', headers: { 'idempotency-key': '' } },
  { name: 'a long idempotency key', headers: { 'idempotency-key': 'k'.repeat(256) } },
  { name: 'an idempotency key with a line break', headers: { 'idempotency-key': 'a\r\nset-cookie: x=1' } },
  { name: 'an idempotency key for everything', headers: { 'idempotency-key': 'the same' } },
  { name: 'a version that is none', headers: { 'if-match': 'three' } },
  { name: 'a large version', headers: { 'if-match': '"999999999"' } },
  { name: 'a huge version', headers: { 'if-match': `"${'9'.repeat(30)}"` } },
  { name: 'an old version', headers: { 'if-match': '"1"' } },
  { name: 'no credentials', without: 'authorization' },
  { name: 'other credentials', headers: { authorization: 'Basic YWRtaW46YWRtaW4=' } },
  { name: 'long credentials', headers: { authorization: `Bearer ${'x'.repeat(8_000)}` } },
  { name: 'credentials with a NUL', headers: { authorization: 'Bearer swy_\0' } },
  { name: 'a broken cookie', headers: { cookie: 'switchyard_session=%zz; a=b=c;;; =' } },
  { name: 'a foreign session', without: 'authorization', headers: { cookie: 'switchyard_session=swyses_x' } },
  { name: 'a last event that is none', headers: { 'last-event-id': '-1; drop' } },
  { name: 'a last event beyond all', headers: { 'last-event-id': '9'.repeat(18) } },
  { name: 'another accepted type', headers: { accept: 'text/html;q=2, \u00e9' } },
  { name: 'a line break in a header', headers: { 'x-request-id': 'a\r\nx-evil: 1' } },
  { name: 'another method', headers: { 'x-http-method-override': 'DELETE' } },
  { name: 'half a percent', url: addQuery('x=%') },
  { name: 'percent that is no hex', url: addQuery('q=%zz') },
  { name: 'percent that is no UTF-8', url: addQuery('q=%c0%80') },
  { name: 'a NUL in the query', url: addQuery('limit=%00') },
  { name: 'a parameter twice', url: addQuery('limit=1&limit=2&sort=a&sort=b') },
  { name: 'brackets', url: addQuery('filter[a][b][c]=1&filter[]=2&[x]=3&filter[__proto__]=1') },
  { name: '__proto__ in the query', url: addQuery('__proto__=1&__proto__[x]=1&constructor=2') },
  { name: 'a huge limit', url: addQuery('limit=1e400') },
  { name: 'a limit below zero', url: addQuery('limit=-0') },
  { name: 'a cursor that is none', url: addQuery('after=WyItYXQiLDEsMl0') },
  { name: 'a long query', url: addQuery(`q=${'x'.repeat(8_000)}`) },
  { name: 'an empty query', url: addQuery('&&=&?') },
  { name: 'half a percent in the path', url: replaceLast('%') },
  { name: 'percent that is no hex in the path', url: replaceLast('%zz') },
  { name: 'a NUL in the path', url: replaceLast('%00') },
  { name: 'percent that is no UTF-8 in the path', url: replaceLast('%c3%28') },
  { name: 'a long path', url: replaceLast('x'.repeat(300)) },
  { name: 'dots in the path', url: replaceLast('..%2f..%2fetc%2fpasswd') },
]

/** A body beyond the limit takes long to write and to read; one in a hundred is enough. */
const TOO_LARGE: Wire = { name: 'more than a mebibyte', body: () => `"${'x'.repeat(1_100_000)}"` }

export function wiresFor({ hasBody }: { hasBody: boolean }): Arbitrary<Wire> {
  const fitting = WIRES.filter(({ body, headers }) => hasBody || (body === undefined && headers?.['content-type'] === undefined))
  return hasBody ? oneof({ weight: 99, arbitrary: constantFrom(...fitting) }, { weight: 1, arbitrary: constant(TOO_LARGE) }) : constantFrom(...fitting)
}
