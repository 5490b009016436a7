import pg from 'pg'
const c = new pg.Client({ connectionString: process.argv[2] }); await c.connect()
for (const q of process.argv.slice(3)) { const r = await c.query(q); console.table((Array.isArray(r)?r.at(-1):r).rows) }
await c.end()
