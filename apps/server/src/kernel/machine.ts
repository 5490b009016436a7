import { assert } from './assert.ts'

/**
 * A state machine as data: actions with the states they lead from and the state they lead to.
 * Actions are what callers may do; the API shows which are allowed and why one is not.
 */
export type Machine<State extends string, Action extends string> = {
  name: string
  initial: State
  states: readonly State[]
  actions: Readonly<Record<Action, { from: readonly State[]; to: State }>>
  can: (action: Action, state: State) => boolean
  /** The state after the action; asserts that it is allowed, so ask `can` first. */
  next: (action: Action, state: State) => State
}

export function machine<State extends string, Action extends string>(definition: {
  name: string
  initial: State
  states: readonly State[]
  actions: Readonly<Record<Action, { from: readonly State[]; to: State }>>
}): Machine<State, Action> {
  const can = (action: Action, state: State): boolean => definition.actions[action].from.includes(state)
  return {
    ...definition,
    can,
    next: (action, state) => {
      assert(can(action, state), `${definition.name}: ${action} is allowed in state ${state}`)
      return definition.actions[action].to
    },
  }
}

/** The part of a machine that its checks and drawings need; any machine has it. */
type Graph = { initial: string; states: readonly string[]; actions: Readonly<Record<string, { from: readonly string[]; to: string }>> }

/** States that no sequence of actions reaches from the initial one: a defect of the definition. */
export function unreachableStates(of: Graph): string[] {
  const reached = new Set<string>([of.initial])
  let grown = true
  while (grown) {
    grown = false
    for (const action of Object.values(of.actions)) {
      if (!reached.has(action.to) && action.from.some((state) => reached.has(state))) {
        reached.add(action.to)
        grown = true
      }
    }
  }
  return of.states.filter((state) => !reached.has(state))
}

/** The machine as a Mermaid state diagram for the docs. */
export function mermaid(of: Graph): string {
  const edges = Object.entries(of.actions).flatMap(([action, { from, to }]) => from.map((state) => `  ${state} --> ${to}: ${action}`))
  return ['stateDiagram-v2', `  [*] --> ${of.initial}`, ...edges].join('\n')
}
