// The start page: a sign-in, the newest orders, and the story of one. It asks the same API as everybody.
'use strict'

const app = document.getElementById('app')
const LIST_SECONDS = 5
/** Colors by what a person has to do about it: grey none yet, blue at work, violet waiting, amber at risk, red blocked, green done. */
const TONES = {
  placed: 'blue', completed: 'green', canceled: 'grey',
  unallocated: 'amber', backordered: 'violet', partially_allocated: 'violet', allocated: 'blue', in_fulfillment: 'blue', partially_shipped: 'blue', shipped: 'green', delivered: 'green',
  pending: 'violet', unpaid: 'amber', authorized: 'blue', partially_paid: 'amber', paid: 'green', captured: 'green', partially_captured: 'blue', refunded: 'grey', partially_refunded: 'grey', failed: 'red', voided: 'grey', expired: 'red',
  none: 'grey', partially_returned: 'amber', returned: 'grey',
}

/** An element; texts become text nodes, so nothing that came from the API is ever markup. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (value !== undefined && value !== false) element.setAttribute(name, value)
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null))
  return element
}

class Problem extends Error {
  constructor(status, document_) {
    super(document_.detail ?? 'The server does not answer as it should.')
    this.status = status
    this.code = document_.code
  }
}

async function ask(method, path, body) {
  const response = await fetch(path, { method, headers: body === undefined ? {} : { 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) })
  const text = await response.text()
  const isJson = (response.headers.get('content-type') ?? '').includes('json')
  const value = isJson && text !== '' ? JSON.parse(text) : {}
  if (!response.ok) throw new Problem(response.status, value)
  return value
}

const words = (code) => String(code).replaceAll('_', ' ')
const money = ({ amount, currency }) => new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(Number(amount))
const when = (instant) => new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(instant))
const state = (code) => h('span', { class: 'state', 'data-tone': TONES[code] ?? 'grey' }, words(code))

let shown = 0
let timer

/** Draws what the address asks for, unless another page was asked for meanwhile. */
async function show() {
  clearTimeout(timer)
  const mine = ++shown
  const draw = (...children) => { if (mine === shown) app.replaceChildren(...children) }
  try {
    if (document.body.dataset.signedIn !== 'true') { showWelcome(); return }
    const [, kind, id] = location.hash.split('/')
    if (kind === 'orders' && id) draw(...await story(decodeURIComponent(id)))
    else {
      draw(...await inbox())
      timer = setTimeout(() => { if (mine === shown && document.visibilityState === 'visible') void show() }, LIST_SECONDS * 1000)
    }
  } catch (error) {
    if (error.status === 401) { setSignedIn(undefined); showWelcome(); return }
    draw(h('p', { class: 'notice' }, error.message), h('p', { class: 'crumbs' }, h('a', { href: '#' }, 'Back to the orders')))
  }
}

function setSignedIn(name) {
  document.body.dataset.signedIn = String(name !== undefined)
  document.getElementById('account').replaceChildren(...(name === undefined ? [] : [
    h('span', { class: 'muted' }, `${name} · `),
    h('button', { class: 'link', onclick: async () => { await ask('DELETE', '/v1/sessions/current'); setSignedIn(undefined); location.hash = ''; showWelcome() } }, 'Sign out'),
  ]))
}

function showWelcome() {
  shown += 1
  app.replaceChildren(document.getElementById('welcome').content.cloneNode(true))
  for (const place of app.querySelectorAll('[data-origin]')) place.textContent = location.origin
  const form = document.getElementById('sign-in')
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const button = form.querySelector('button')
    const error = form.querySelector('.error')
    button.disabled = true
    error.hidden = true
    try {
      const { name } = await ask('POST', '/v1/sessions', Object.fromEntries(new FormData(form)))
      setSignedIn(name)
      await show()
    } catch (problem) {
      error.textContent = problem.message
      error.hidden = false
    } finally {
      button.disabled = false
    }
  })
}

const FIGURES = [
  ['orders in progress', 'filter[status]=placed'],
  ['on hold', 'filter[status]=placed&filter[open_holds][gte]=1'],
  ['waiting for stock', 'filter[status]=placed&filter[fulfillment_status]=unallocated,backordered,partially_allocated'],
  ['in fulfillment', 'filter[status]=placed&filter[fulfillment_status]=in_fulfillment,partially_shipped'],
]

async function inbox() {
  const [orders, ...counts] = await Promise.all([
    ask('GET', '/v1/orders?limit=25'),
    ...FIGURES.map(([, filter]) => ask('GET', `/v1/orders?limit=1&count=true&${filter}`)),
  ])
  const rows = orders.data.map((order) => h('tr', {},
    h('td', { class: 'tight' }, h('a', { href: `#/orders/${encodeURIComponent(order.number)}` }, order.number)),
    h('td', { class: 'tight' }, when(order.placed_at)),
    h('td', {}, order.channel),
    h('td', {}, order.customer_name ?? order.email ?? '–'),
    h('td', {}, order.open_holds > 0 ? h('span', { class: 'state', 'data-tone': 'red' }, 'on hold') : state(order.fulfillment_status)),
    h('td', { class: 'number' }, String(order.units)),
    h('td', { class: 'number' }, money(order.total))))
  return [
    h('div', { class: 'heading' }, h('h1', {}, 'Orders'), h('span', { class: 'muted' }, `The newest first, looked at every ${LIST_SECONDS} seconds`)),
    h('div', { class: 'figures' }, FIGURES.map(([title], i) => h('div', {}, h('b', {}, counts[i].count.toLocaleString()), h('span', {}, title)))),
    rows.length === 0
      ? h('p', { class: 'notice' }, 'No orders yet. Place the first one with POST /v1/orders, or with npm run switchyard -- orders place.')
      : h('div', { class: 'scroll' }, h('table', {},
        h('thead', {}, h('tr', {}, ...['Order', 'Placed', 'Channel', 'Customer', 'State'].map((title) => h('th', {}, title)), h('th', { class: 'number' }, 'Units'), h('th', { class: 'number' }, 'Total'))),
        h('tbody', {}, rows))),
  ]
}

async function story(number) {
  const path = `/v1/orders/${encodeURIComponent(number)}`
  const [order, timeline, codes] = await Promise.all([ask('GET', path), ask('GET', `${path}/timeline?limit=500`), locationCodes()])
  const skus = new Map(order.lines.map(({ id, sku }) => [id, sku]))
  const holds = order.holds.filter(({ released_at }) => released_at === null)
  const fact = (title, value) => h('span', {}, h('i', {}, title), value)
  return [
    h('p', { class: 'crumbs' }, h('a', { href: '#' }, 'Orders')),
    h('div', { class: 'heading' }, h('h1', {}, order.number), h('span', { class: 'muted' }, `${order.channel}${order.external_id === null ? '' : ` · ${order.external_id}`} · placed ${when(order.placed_at)}`)),
    h('div', { class: 'strip' },
      fact('Order', state(order.status)), fact('Payment', state(order.payment_status)), fact('Fulfillment', state(order.fulfillment_status)), fact('Returns', state(order.return_status)),
      ...holds.map((hold) => fact('On hold', h('span', { class: 'state', 'data-tone': 'red' }, words(hold.type)))),
      fact('Customer', order.customer.name ?? order.customer.email ?? 'unknown')),
    h('div', { class: 'scroll' }, h('table', {},
      h('thead', {}, h('tr', {}, ...['SKU', 'Description', 'Where the units are'].map((title) => h('th', {}, title)), h('th', { class: 'number' }, 'Units'), h('th', { class: 'number' }, 'Total'))),
      h('tbody', {}, order.lines.map((line) => h('tr', {},
        h('td', { class: 'tight' }, line.sku), h('td', {}, line.description),
        h('td', {}, Object.entries(line.units).filter(([, units]) => units > 0).map(([where, units]) => `${units} ${words(where)}`).join(', ')),
        h('td', { class: 'number' }, String(line.quantity)), h('td', { class: 'number' }, money(line.total)))),
      h('tr', {}, h('td', { colspan: '4' }, 'Total with shipping and tax'), h('td', { class: 'number' }, h('b', {}, money(order.total))))))),
    h('section', { class: 'story' }, h('h2', {}, 'What happened'), h('ol', { class: 'timeline' }, timeline.data.map((event) => happening(event, { skus, codes })))),
  ]
}

/** Location id → code, for stories; asked once, and left out for somebody who may not see locations. */
let locations
function locationCodes() {
  locations ??= ask('GET', '/v1/locations?limit=200').then(({ data }) => new Map(data.map(({ id, code }) => [id, code])), () => new Map())
  return locations
}

/** A field of an event in words; undefined for what says nothing to a person (ids of things shown elsewhere). */
function factOf(name, value, { skus, codes }) {
  // The pickup code proves who the customer is, so nobody else should read it off a screen.
  if (name === 'number' || name === 'kind' || name === 'pickup_code' || value === null || value === '') return undefined
  if (name === 'location_id') return codes.has(value) ? `at ${codes.get(value)}` : undefined
  if (name.endsWith('_id')) return undefined
  if (Array.isArray(value)) {
    const items = value.map((item) => (typeof item === 'object' ? unitsOf(item, skus, codes) : String(item))).filter((text) => text !== undefined)
    return items.length === 0 ? undefined : items.join(', ')
  }
  if (typeof value === 'object') return value.currency === undefined ? undefined : money(value)
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return `${words(name)} ${when(value)}`
  return `${words(name)} ${words(value)}`
}

function unitsOf({ line_id, sku, quantity, location_id, reason }, skus, codes) {
  const what = sku ?? skus.get(line_id)
  if (what === undefined || quantity === undefined) return undefined
  return `${quantity} × ${what}${codes.has(location_id) ? ` at ${codes.get(location_id)}` : ''}${reason === undefined ? '' : ` (${words(reason)})`}`
}

function happening(event, names) {
  const [subject, verb] = event.type.split('.')
  const facts = Object.entries(event.data).map(([name, value]) => factOf(name, value, names)).filter((fact) => fact !== undefined)
  const title = `${words(subject).replace(/^./, (letter) => letter.toUpperCase())}${event.data.number === undefined || subject === 'order' ? '' : ` ${event.data.number}`} ${words(verb ?? '')}`
  return h('li', {},
    h('time', { datetime: event.timestamp }, when(event.timestamp)),
    h('div', {},
      h('div', {}, h('b', {}, title), h('span', { class: 'by' }, ` by ${event.caller}`)),
      facts.length === 0 ? undefined : h('div', { class: 'facts' }, facts.join(' · '))))
}

async function showHealth() {
  const place = document.getElementById('health')
  try {
    const { relay_lag_ms } = await ask('GET', '/health/ready')
    place.dataset.ok = 'true'
    place.textContent = relay_lag_ms < 1000 ? 'All is well' : `Running; the event feed is ${Math.round(relay_lag_ms / 1000)} s behind`
  } catch (error) {
    place.dataset.ok = 'false'
    place.textContent = error instanceof Problem ? error.message : 'The server does not answer'
  }
  setTimeout(() => { void showHealth() }, 10_000)
}

async function begin() {
  void showHealth()
  if (document.body.dataset.signedIn === 'true') {
    try {
      setSignedIn((await ask('GET', '/v1/me')).name)
    } catch (error) {
      if (error.status === 401) setSignedIn(undefined)
    }
  }
  await show()
}

addEventListener('hashchange', () => { void show() })
document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible' && document.body.dataset.signedIn === 'true') void show() })
void begin()
