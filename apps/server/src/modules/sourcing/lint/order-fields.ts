import type { FormField } from '../../channels/index.ts'
import type { World, WorldChannel } from '../world.ts'
import { aroundAll } from './item-sets.ts'

/** More choices than this that differ make too many selections to try. */
const MAX_CHOICES = 8

/** Answers that cover what the channels' order forms let be said under that key; undefined is no answer. */
export function fieldValues(key: string, mentioned: readonly unknown[], distinct: readonly string[], world: World): { values: readonly unknown[]; complete: boolean } {
  const fields = world.channels.flatMap(({ fields: all }) => all.filter((field) => field.key === key))
  const answers = fields.flatMap((field): unknown[] => {
    const fitting = mentioned.filter((value) => isAnswer(field, value))
    switch (field.type) {
      case 'boolean': return [true, false]
      case 'number': return aroundAll(fitting.length === 0 ? [field.min ?? 0] : fitting)
      case 'choice': return [...fitting, ...(field.choices ?? []).filter((choice) => !mentioned.includes(choice)).slice(0, 1)]
      case 'multi_choice': return selections([...distinct.filter((choice) => field.choices?.includes(choice)), ...(field.choices ?? []).filter((choice) => !mentioned.includes(choice)).slice(0, 1)])
      case 'date': return [...fitting, '2199-12-31']
      case 'text':
      case 'long_text':
      case 'email':
      case 'phone':
      default: return [...fitting, 'something else']
    }
  })
  return { values: [undefined, ...new Map(answers.map((answer) => [JSON.stringify(answer), answer])).values()], complete: distinct.length <= MAX_CHOICES }
}

/** Whether the channel's form lets an order say so. */
export function mayAnswer(channel: WorldChannel, key: string, answer: unknown): boolean {
  const field = channel.fields.find((one) => one.key === key)
  if (field === undefined) return answer === undefined
  return answer === undefined ? field.required !== true : isAnswer(field, answer)
}

function isAnswer({ type, choices, min, max }: FormField, value: unknown): boolean {
  switch (type) {
    case 'boolean': return typeof value === 'boolean'
    case 'number': return typeof value === 'number' && (min === undefined || value >= min) && (max === undefined || value <= max)
    case 'choice': return typeof value === 'string' && choices?.includes(value) === true
    case 'multi_choice': return Array.isArray(value) && value.every((one: unknown) => choices?.includes(one as string) === true)
    case 'date': return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value)
    case 'text':
    case 'long_text':
    case 'email':
    case 'phone':
    default: return typeof value === 'string'
  }
}

/** All selections but the empty one, which is no answer. */
function selections(choices: readonly string[]): string[][] {
  let sets: string[][] = [[]]
  for (const choice of choices.slice(0, MAX_CHOICES + 1)) sets = [...sets, ...sets.map((set) => [...set, choice])]
  return sets.slice(1)
}
