import { currencyDigits, parseAmount, type MoneyText } from '../../kernel/money.ts'
import { invalid } from '../../kernel/problem.ts'

/** The minor units of an amount that must be positive and in the order's currency; refuses any other with its pointer. */
export function readAmount(value: MoneyText, currency: string, pointer: string): bigint {
  const amount = readMoney(value, currency, pointer)
  if (amount <= 0n) throw invalid([{ pointer: `${pointer}/amount`, code: 'too_small', detail: 'The amount must be more than zero.' }])
  return amount
}

/** The minor units of an amount, whatever its sign, in the order's currency. */
export function readMoney(value: MoneyText, currency: string, pointer: string): bigint {
  if (value.currency !== currency) throw invalid([{ pointer: `${pointer}/currency`, code: 'wrong_currency', detail: `The order is in ${currency}, not ${value.currency}.` }])
  const amount = parseAmount(value.amount, currency)
  if (amount === undefined) throw invalid([{ pointer: `${pointer}/amount`, code: 'wrong_format', detail: `${currency} amounts have ${currencyDigits(currency)} decimal places.` }])
  return amount
}
