import type { Machine } from '../../kernel/machine.ts'

/** What callers may do with something in this state, and why not where they may not. */
export type AllowedActions = { action: string; allowed: boolean; reason?: string }[]

/** Actions that only the system takes are left out. */
export function actionsOf<State extends string, Action extends string>(of: Machine<State, Action>, state: State, ownActions: readonly Action[] = []): AllowedActions {
  const actions = (Object.keys(of.actions) as Action[]).filter((action) => !ownActions.includes(action))
  return actions.map((action) => (of.can(action, state) ? { action, allowed: true } : { action, allowed: false, reason: `The ${of.name} is ${state}.` }))
}
