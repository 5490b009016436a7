import { orderMaker } from './apps/server/test/bench/load/capture.ts'
const [url, key, n, run, lines='4'] = process.argv.slice(2)
const make = orderMaker({ seed: Number(Date.now()%100000), run: run!, lines: Number(lines), skus: 10000 })
let left = Number(n); let ok = 0
await Promise.all(Array.from({length: 64}, async () => { while (left-- > 0) { const { external_id, body } = make(); const r = await fetch(url + '/v1/orders', { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': external_id }, body }); const t = await r.text(); if (r.status === 201) ok++; else console.log(r.status, t.slice(0,200)) } }))
console.log('ok', ok)
