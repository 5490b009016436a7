import { ids } from '../../kernel/id-kinds.ts'
import { phoneEnding } from '../../kernel/search.ts'
import type { SearchedPage } from '../../platform/http/listing.ts'
import { arrayOf, sql, type Sql } from '../../platform/sql.ts'

/** So many orders are looked through before any index is asked. What is found more often than that fills its page here. */
const NEWEST = 2_000
/** One index gives at most so many orders. What is frequent, but not among the newest, is found as far as that. */
const MOST_FOUND = 10_000
/** Of an article, those that came in last. */
const MOST_SOLD = 2_000
/** Shorter beginnings narrow nothing down. */
const MIN_BEGINNING = 3

/**
 * One box for everything a person may know, told apart by what the text looks like: order number, the channel's number,
 * e-mail address, each also by its beginning, words of the name or their beginnings, phone, SKU, tracking number. The
 * search costs the same however many orders there are: either the page is full after the newest orders, or what is sought
 * is rare enough for its index.
 */
export function searchOrders(q: string, page?: SearchedPage, newest = NEWEST): Sql {
  const text = q.trim()
  const single = singleOrders(text)
  const kinds = kindsOf(text)
  if (page === undefined) return sql`o.id in (${sql.join([...single, ...kinds.map(({ is_found }) => sql`select o.id from orders o where ${is_found}`)], ' union all ')})`
  const { where, begin, order, limit } = page
  // An array, so that nobody thinks of reading all orders in their order and asking of each whether it is among the found.
  if (kinds.length === 0) return sql`o.id = any(array(${sql.join(single, ' union all ')}))`
  const rare = kinds.map(({ is_found, look_up = is_found }) => sql`(select o.id from (
    select o.id, o.placed_at from orders o join channels c on c.id = o.channel_id where (select not is_full from newest_page) and ${look_up} and ${where} and ${begin} limit ${MOST_FOUND}
  ) o ${order} limit ${limit})`)
  return sql`o.id = any(array(
    with newest as materialized (
      select o.id, o.placed_at, ${where} and (${sql.join(kinds.map(({ is_found }) => is_found), ' or ')}) as is_found
      from (select * from orders o where ${begin} ${order} limit ${newest}) o join channels c on c.id = o.channel_id
    ), newest_page as materialized (
      select count(*) filter (where is_found) >= ${limit} or count(*) < ${newest} as is_full from newest
    )
    ${sql.join([sql`(select o.id from newest o where is_found ${order} limit ${limit})`, ...single, ...rare], ' union all ')}))`
}

/** By what belongs to one order, or to a few. */
function singleOrders(text: string): Sql[] {
  return [
    sql`select id from orders where number = ${/^\d+$/.test(text) ? NUMBERS + text : text.toUpperCase()}`,
    sql`select id from orders where external_id = ${text}`,
    sql`select s.order_id from packages p join shipments s on s.id = p.shipment_id where p.tracking_number = ${text.replaceAll(/[\s-]/g, '').toUpperCase()}`,
  ]
}

/**
 * Something that may belong to many: whether it is found in one of the newest orders (`orders o`), which costs little, and
 * the condition by which an index finds all of them where that is another.
 */
type Kind = { is_found: Sql; look_up?: Sql }

function kindsOf(text: string): Kind[] {
  const phone = phoneEnding(text)
  if (phone !== undefined) return [phoned(phone), ...beginning('o.external_id', text), sold(text)]
  if (text.toUpperCase().startsWith(NUMBERS)) return [...beginning('o.number', text.toUpperCase()), ...beginning('o.external_id', text), sold(text)]
  if (text.includes('@')) return addressed(text.toLowerCase())
  return [...named(text), ...addressed(text.toLowerCase()), ...beginning('o.external_id', text), sold(text)]
}

const NUMBERS = `${ids.order.numbers!}-`
/** The last character there is: what begins with a text is between it and the text with this. */
const LAST = '\u{10FFFF}'

function beginning(column: string, text: string): Kind[] {
  if (text.length < MIN_BEGINNING) return []
  const of = sql.raw(column)
  return [{ is_found: sql`${of} >= ${text} and ${of} < ${text + LAST} and starts_with(${of}, ${text})` }]
}

/** The whole e-mail address or its beginning. */
function addressed(text: string): Kind[] {
  if (text.length < MIN_BEGINNING || /\s/.test(text)) return []
  return [{ is_found: sql`o.email is not null and lower(o.email) ~>=~ ${text} and lower(o.email) ~<~ ${text + LAST}` }]
}

function phoned(ending: string): Kind {
  return { is_found: sql`starts_with(reverse(translate(o.phone, ' ().-/+', '')), ${ending})`, look_up: sql`search_words(o.customer_name, o.phone) @@ ${`t${ending}:*`}::tsquery` }
}

/** Words of the name. One word with digits is no name. */
function named(text: string): Kind[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  if (words.length === 0 || (/\d/.test(text) && !/\s/.test(text))) return []
  const look_up = sql`search_words(o.customer_name, o.phone) @@ search_query(${text})`
  // Hardly any order has all words somewhere in its name, so hardly any has to be taken to pieces.
  return [{ is_found: sql`(lower(o.customer_name) like all(${arrayOf(words.map((word) => `%${word}%`), 'text')}) and ${look_up})`, look_up }]
}

/** Lines of an article: of a frequent one, each order is asked; its look-up begins with what came in last. */
function sold(sku: string): Kind {
  const variant = sql`(select v.id from variants v where v.sku = ${sku})`
  return {
    is_found: sql`(select true from order_lines l where l.variant_id = ${variant} and l.order_id = o.id limit 1)`,
    look_up: sql`o.id in (select l.order_id from order_lines l where l.variant_id = ${variant} order by l.order_id desc limit ${MOST_SOLD})`,
  }
}
