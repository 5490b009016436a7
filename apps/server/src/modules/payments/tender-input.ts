import type { FieldError } from '../../kernel/problem.ts'
import { holdsCardNumber } from './card-number.ts'
import { GATEWAY_CODES } from './gateways.ts'
import type { Tender } from './ledger.ts'

/** How somebody says that an order is paid, before it becomes a payment. */
export type TenderInput = { tender: Tender; gateway?: string; token?: string; reference?: string; already_captured?: boolean }

/** What is wrong with a tender that passed its schema. `pointer` is where it stands in the input. */
export function tenderErrors(input: TenderInput, pointer: string): FieldError[] {
  return [...cardNumberErrors(input, pointer), ...(input.tender === 'card' ? cardErrors(input, pointer) : plainErrors(input, pointer))]
}

/** Refuses texts that hold a card number; they must not even be stored by mistake. */
export function cardNumberErrors(texts: { token?: string; reference?: string; reason?: string }, pointer: string): FieldError[] {
  return (['token', 'reference', 'reason'] as const)
    .filter((field) => holdsCardNumber(texts[field] ?? ''))
    .map((field) => ({ pointer: `${pointer}/${field}`, code: 'card_number', detail: `\`${field}\` looks like a card number. Card numbers are never accepted here: send the token that the gateway gave for the card.` }))
}

function cardErrors(input: TenderInput, pointer: string): FieldError[] {
  const errors: FieldError[] = []
  if (input.gateway === undefined) errors.push({ pointer: `${pointer}/gateway`, code: 'required', detail: `A card is charged by a gateway: name one of ${GATEWAY_CODES.join(', ')}.` })
  else if (!GATEWAY_CODES.includes(input.gateway)) errors.push({ pointer: `${pointer}/gateway`, code: 'unknown_gateway', detail: `There is no gateway "${input.gateway}". Use one of ${GATEWAY_CODES.join(', ')}.` })
  if (input.already_captured === true) {
    if (input.reference === undefined) errors.push({ pointer: `${pointer}/reference`, code: 'required', detail: 'A card that was charged elsewhere needs the gateway\'s reference, so that it can be refunded.' })
  } else if (input.token === undefined) {
    errors.push({ pointer: `${pointer}/token`, code: 'required', detail: 'A card needs the token that the gateway gave for it.' })
  }
  return errors
}

function plainErrors(input: TenderInput, pointer: string): FieldError[] {
  return (['gateway', 'token'] as const)
    .filter((field) => input[field] !== undefined)
    .map((field) => ({ pointer: `${pointer}/${field}`, code: 'not_allowed', detail: `\`${field}\` belongs to cards; the tender is ${input.tender}. Leave it out, or make the tender a card.` }))
}
