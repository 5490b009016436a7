import { invalid, refuse } from '../../kernel/problem.ts'
import { may, type Caller } from '../../platform/caller.ts'
import type { Queryable } from '../../platform/db.ts'
import { idsByCode, knownRoles, type RoleGrant, type Scope } from './identity.db.ts'

export type ScopeInput = { channels?: string[] | null; locations?: string[] | null }
export type GrantInput = ScopeInput & { role: string }

/**
 * Nobody grants, changes or takes away what they may not do themselves, or where they may not. Refuses with `forbidden`.
 * What holds everywhere, as a role does, has a scope of nulls.
 */
export function requireGrantable(caller: Caller, permissions: readonly string[], scope: Scope): void {
  const excess = permissions.filter((permission) => !may(caller, permission))
  if (excess.length > 0) throw refuse('forbidden', `Nobody grants or changes more than they may themselves, and you may not ${excess.join(', ')}.`, { permissions: excess })
  if (isWithin(scope.channel_ids, caller.channel_ids) && isWithin(scope.location_ids, caller.location_ids)) return
  throw refuse('forbidden', 'That reaches beyond the channels and locations to which you are confined.')
}

function isWithin(ids: readonly string[] | null, own: ReadonlySet<string> | undefined): boolean {
  return own === undefined || (ids !== null && ids.every((id) => own.has(id)))
}

/** Turns role, channel and location codes into grants that the caller may give; what is wrong is named with its place in the input. */
export async function resolveGrants(db: Queryable, caller: Caller, inputs: readonly GrantInput[], pointer = '/roles'): Promise<RoleGrant[]> {
  const roles = new Map((await knownRoles(db)).map((role) => [role.code, role]))
  const grants: RoleGrant[] = []
  for (const [index, input] of inputs.entries()) {
    const role = roles.get(input.role)
    if (role === undefined) throw invalid([{ pointer: `${pointer}/${index}/role`, code: 'unknown_role', detail: `There is no role "${input.role}".` }])
    if (grants.some(({ role_code }) => role_code === role.code)) throw invalid([{ pointer: `${pointer}/${index}/role`, code: 'duplicate', detail: `The role "${role.code}" is given twice.` }])
    const scope = await resolveScope(db, caller, input, `${pointer}/${index}`)
    requireGrantable(caller, role.permissions, scope)
    grants.push({ role_code: role.code, ...scope })
  }
  return grants
}

/** The channels and locations that somebody is confined to: those of the caller where the input names none. Others do not exist. */
export async function resolveScope(db: Queryable, caller: Caller, input: ScopeInput, pointer: string): Promise<Scope> {
  return {
    channel_ids: await resolveKind(db, 'channels', input.channels, caller.channel_ids, pointer),
    location_ids: await resolveKind(db, 'locations', input.locations, caller.location_ids, pointer),
  }
}

async function resolveKind(db: Queryable, kind: 'channels' | 'locations', codes: readonly string[] | null | undefined, own: ReadonlySet<string> | undefined, pointer: string): Promise<string[] | null> {
  if (codes === undefined || codes === null) return own === undefined ? null : [...own].sort()
  const found = await idsByCode(db, kind, codes)
  const unknown = codes.filter((code) => !found.has(code) || own?.has(found.get(code)!) === false)
  if (unknown.length > 0) throw invalid([{ pointer: `${pointer}/${kind}`, code: 'unknown_code', detail: `Unknown ${kind}: ${unknown.join(', ')}.` }])
  return [...found.values()].sort()
}
