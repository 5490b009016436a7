import { describe, expect, test } from 'vitest'
import { classifyCode, classifyInvoice, classifyLine, readInvoiceFacts } from './classify.ts'
import type { RawLine } from './lines.ts'

/** `code quantity price` for each line; a customer unless the invoice is said to be anonymous. */
function classify(invoice_no: string, written: readonly string[], customer_id: string | null = '17850'): string[] {
  const lines = written.map((text): RawLine => {
    const [stock_code, quantity, price] = text.split('|')
    const unit_price_micros = BigInt(Math.round(Number(price) * 1e6))
    return {
      line_number: 2, invoice_no, stock_code: stock_code!, description: '', quantity: Number(quantity), invoice_date: new Date(0), unit_price_micros,
      amount_micros: 0n, amount: 0n, customer_id, country: '',
    }
  })
  const facts = readInvoiceFacts(invoice_no, lines)
  return lines.map((line) => classifyLine(line, facts)).map((result) => ('refuse' in result ? result.refuse : `as ${result.import_as}`))
}

test('codes', () => {
  const kinds = Object.groupBy(['85123A', '22423', '15056BL', 'DCGS0003', 'DCGSSBOY', 'PADS', 'SP1002', 'POST', 'DOT', 'C2', 'M', 'D', 'GIFT_0001_20', 'ADJUST2', 'FEE', 'TOSTRING', 'CONSTRUCTOR', 'BANK CHARGES', 'AMAZONFEE', 'CRUK', 'S', 'B', 'TEST001'], classifyCode)
  expect(kinds).toEqual({
    goods: ['85123A', '22423', '15056BL', 'DCGS0003', 'DCGSSBOY', 'PADS', 'SP1002'], shipping: ['POST', 'DOT', 'C2'],
    service: ['M', 'D', 'GIFT_0001_20', 'ADJUST2', 'FEE', 'TOSTRING', 'CONSTRUCTOR'], bank_charge: ['BANK CHARGES'], marketplace_fee: ['AMAZONFEE'],
    commission: ['CRUK'], samples: ['S'], bad_debt: ['B'], test: ['TEST001'],
  })
})

test('invoices', () => {
  expect(['536365', 'C536379', 'A563185', 'CASH-1'].map(classifyInvoice)).toEqual(['sale', 'credit', 'adjustment', 'sale'])
})

describe('sale invoices', () => {
  test('with a customer', () => {
    expect(classify('1', ['22423|6|2.55', 'POST|3|18', 'M|1|4', 'GIFT_0001_10|1|8.5', '22424|1|0', 'M|1|0', '22423|-1|2', '22423|-1|0', '22423|0|1', '22423|1|-1']))
      .toEqual(['as goods', 'as shipping', 'as service', 'as service', 'as goods', 'no_goods_no_money', 'negative_quantity_on_sale', 'stock_removed', 'zero_quantity', 'negative_price'])
    expect(classify('1', ['POST|1|18'])).toEqual(['as service'])
    expect(classify('1', ['POST|1|18', 'BANK CHARGES|1|15'])).toEqual(['as shipping', 'as service'])
    expect(classify('1', ['22423|1|0', 'POST|1|18'])).toEqual(['as goods', 'as service'])
    expect(classify('1', ['22423|1|0'])).toEqual(['as goods'])
  })

  test('of guests', () => {
    expect(classify('1', ['22423|6|2.55', 'DOT|1|900', 'M|1|4', '22424|1|0'], null)).toEqual(['as goods', 'as shipping', 'as service', 'as goods'])
    expect(classify('1', ['22423|1|0', '22423|-1|0'], null)).toEqual(['stock_found', 'stock_removed'])
    expect(classify('1', ['M|1|4287.63', 'POST|1|18', 'S|1|30'], null)).toEqual(['ledger_correction', 'ledger_correction', 'ledger_correction'])
  })

  test('costs of the retailer are nobody\'s order', () => {
    expect(classify('1', ['22423|1|1', 'AMAZONFEE|1|13541.33', 'CRUK|1|1', 'TEST001|1|1', 'B|1|11062.06'])).toEqual(['as goods', 'marketplace_fee', 'commission', 'test_line', 'bad_debt_adjustment'])
    expect(classify('A1', ['22423|1|1', 'B|1|-11062.06'], null)).toEqual(['bad_debt_adjustment', 'bad_debt_adjustment'])
  })
})

describe('credit notes', () => {
  test('with a customer', () => {
    expect(classify('C1', ['22423|-1|2.55', 'POST|-1|18', 'M|-1|4', 'D|-1|57.6', '22424|-1|0', 'D|-1|0', '22423|1|2.55', 'CRUK|-1|1.6']))
      .toEqual(['as goods_return', 'as refund', 'as refund', 'as refund', 'as goods_return', 'no_goods_no_money', 'positive_quantity_on_credit', 'commission'])
  })

  test('without', () => {
    expect(classify('C1', ['22423|-1|2.55', 'POST|-1|18', 'M|-1|4', 'S|-1|57.6', 'BANK CHARGES|-1|15', 'AMAZONFEE|-1|1'], null))
      .toEqual(['return_without_customer', 'return_without_customer', 'ledger_correction', 'samples', 'bank_charge', 'marketplace_fee'])
  })
})
