import { Type } from 'typebox'
import { filter, FieldName } from '../criterion.ts'
import type { Candidate } from '../demand.ts'

/** A franchise store delivers to its own territory: a custom field of the location lists the beginnings of its postal codes, `LS, HG1`. */
export const territory = filter({
  settings: {
    field: FieldName,
    // A location that lists nothing serves nobody, unless the rule says that it serves all.
    unlisted: Type.Optional(Type.Union([Type.Literal('exclude'), Type.Literal('keep')])),
  },
  keeps: ({ demand: { destination }, network }, candidate, { field, unlisted }) => {
    const prefixes = prefixesOf(network.candidates[candidate]!, field)
    if (prefixes.length === 0) return unlisted === 'keep'
    const postal_code = destination?.postal_code ?? null
    return postal_code !== null && prefixes.some((prefix) => plain(postal_code).startsWith(prefix))
  },
  limit: ({ demand }) => demand.destination?.postal_code ?? null,
  phrase: (limit) => (limit === null ? 'it delivers to its own territory, and the order has no postal code' : `${limit} is not in its territory`),
  say: ({ field, unlisted }) => `deliver to the postal code of the order by their ${field}${unlisted === 'keep' ? ', or list none' : ''}`,
  // The linter tries a postal code in every territory there is.
  lasting: { facets: ['postal_code'], mentions: ({ field }, candidates) => ({ postal_code: candidates.flatMap((candidate) => prefixesOf(candidate, field)) }) },
})

const plain = (text: string): string => text.replaceAll(/[\s-]/g, '').toUpperCase()

/** Read once for a batch: every order asks every location. */
const READ = new WeakMap<Candidate, { listed: unknown; prefixes: readonly string[] }>()

function prefixesOf(candidate: Candidate, field: string): readonly string[] {
  const listed = candidate.custom_fields[field]
  const known = READ.get(candidate)
  if (known?.listed === listed && known !== undefined) return known.prefixes
  const prefixes = typeof listed === 'string' ? listed.split(',').map(plain).filter((prefix) => prefix !== '') : []
  READ.set(candidate, { listed, prefixes })
  return prefixes
}
