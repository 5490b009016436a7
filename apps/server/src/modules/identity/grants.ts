import { invalid } from '../../kernel/problem.ts'
import type { Queryable } from '../../platform/db.ts'
import { knownRoles, resolveCodes, type RoleGrant } from './identity.db.ts'

export type GrantInput = { role: string; channels?: string[]; locations?: string[] }

/** Turns role, channel and location codes into a grant; unknown codes are named with their place in the input. */
export async function resolveGrants(db: Queryable, inputs: readonly GrantInput[], pointer = '/roles'): Promise<RoleGrant[]> {
  const roles = new Set((await knownRoles(db)).map(({ code }) => code))
  const grants: RoleGrant[] = []
  for (const [index, input] of inputs.entries()) {
    if (!roles.has(input.role)) throw invalid([{ pointer: `${pointer}/${index}/role`, code: 'unknown_role', detail: `There is no role "${input.role}".` }])
    grants.push({ role_code: input.role, ...(await resolveScope(db, input, `${pointer}/${index}`)) })
  }
  return grants
}

/** The channels and locations that somebody is confined to; leaving both out confines to nothing. */
export async function resolveScope(db: Queryable, input: { channels?: string[]; locations?: string[] }, pointer: string): Promise<Pick<RoleGrant, 'channel_ids' | 'location_ids'>> {
  const resolved = { channel_ids: null as string[] | null, location_ids: null as string[] | null }
  for (const kind of ['channels', 'locations'] as const) {
    const codes = input[kind]
    if (codes === undefined) continue
    const { ids, unknown } = await resolveCodes(db, kind, codes)
    if (unknown.length > 0) throw invalid([{ pointer: `${pointer}/${kind}`, code: 'unknown_code', detail: `Unknown ${kind}: ${unknown.join(', ')}.` }])
    resolved[kind === 'channels' ? 'channel_ids' : 'location_ids'] = ids
  }
  return resolved
}
