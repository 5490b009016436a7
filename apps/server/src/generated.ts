import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { mermaid } from './kernel/machine.ts'
import { fulfillmentOrderMachine } from './modules/fulfillment/index.ts'
import { reservationMachine } from './modules/inventory/index.ts'
import { orderMachine } from './modules/orders/index.ts'
import { returnMachine } from './modules/returns/index.ts'
import { shipmentMachine } from './modules/shipping/index.ts'
import type { Database } from './platform/db.ts'
import { sql } from './platform/sql.ts'
import type { Application } from './wiring.ts'

export const ROOT = join(import.meta.dirname, '../../..')

/** Files that follow from the code; a test compares them with what is committed. */
export async function generatedFiles(application: Application): Promise<Map<string, string>> {
  await application.server.ready()
  const openapi = `${JSON.stringify(application.server.openapi(), null, 2)}\n`
  return new Map([
    ['openapi.json', openapi],
    ['schema.sql', await dumpSchema(application.db)],
    ['packages/client/src/schema.d.ts', await clientTypes(openapi)],
    ['docs/states.md', drawMachines()],
  ])
}

/** Every state machine that people meet. */
export const MACHINES = [orderMachine, fulfillmentOrderMachine, shipmentMachine, returnMachine, reservationMachine]

function drawMachines(): string {
  const drawn = MACHINES.map((machine) => `## ${machine.name}\n\`\`\`mermaid\n${mermaid(machine)}\n\`\`\`\n`)
  return `# State machines\nDrawn by \`npm run generate\` from the machines in the code. Payment, fulfillment and return statuses of an order are derived, never set.\n\n${drawn.join('\n')}`
}

/** The types of the client, made by openapi-typescript, which brings a TypeScript of its own. */
async function clientTypes(openapi: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-openapi-'))
  try {
    const input = join(folder, 'openapi.json')
    const output = join(folder, 'schema.d.ts')
    await writeFile(input, openapi)
    const program = join(ROOT, 'packages/client/node_modules/openapi-typescript/bin/cli.js')
    await promisify(execFile)(process.execPath, [program, input, '-o', output], { cwd: join(ROOT, 'packages/client') })
    return await readFile(output, 'utf8')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type Relation = { name: string; kind: string; partitioned: string | null; comment: string | null }
type Column = { relation: string; line: string }
type Definition = { relation: string; line: string }

/** The schema as it is after all migrations, in a form whose diffs read well. Read from the catalog: no pg_dump is needed. */
async function dumpSchema(db: Database): Promise<string> {
  const relations = await db.rows<Relation>(sql`
    select c.relname as name, c.relkind::text as kind, pg_get_partkeydef(c.oid) as partitioned, obj_description(c.oid, 'pg_class') as comment
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'S') and not c.relispartition and c.relname <> 'schema_migrations'
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i') and c.relkind = 'S')
    order by c.relkind = 'S', c.relname`)
  const columns = await db.rows<Column>(sql`
    select c.relname as relation, format('  %I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then ' not null' else '' end,
      case when a.attgenerated = 's' then ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored'
        when a.attidentity <> '' then ' generated always as identity' when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end) as line
    from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped order by c.relname, a.attnum`)
  const constraints = await db.rows<Definition>(sql`
    select c.relname as relation, format('  constraint %I %s', k.conname, pg_get_constraintdef(k.oid)) as line
    from pg_constraint k join pg_class c on c.oid = k.conrelid where c.relnamespace = 'public'::regnamespace and k.contype in ('p', 'u', 'c', 'f', 'x')
    order by c.relname, array_position(array['p', 'u', 'c', 'f', 'x'], k.contype::text), k.conname`)
  const indexes = await db.rows<Definition>(sql`
    select i.tablename as relation, i.indexdef || ';' as line from pg_indexes i
    where i.schemaname = 'public' and not exists (select from pg_constraint k where k.conname = i.indexname) order by i.tablename, i.indexname`)
  const triggers = await db.rows<Definition>(sql`
    select tgrelid::regclass::text as relation, pg_get_triggerdef(oid) || ';' as line from pg_trigger where not tgisinternal and tgrelid in (select c.oid from pg_class c where c.relnamespace = 'public'::regnamespace) order by tgrelid::regclass::text, tgname`)
  const functions = await db.rows<{ line: string }>(sql`
    select pg_get_functiondef(p.oid) as line from pg_proc p where p.pronamespace = 'public'::regnamespace and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e') order by p.proname`)
  const of = (rows: readonly Definition[], name: string): string[] => rows.filter(({ relation }) => relation === name).map(({ line }) => line)
  const parts = relations.map(({ name, kind, partitioned, comment }) => {
    if (kind === 'S') return `create sequence ${name};`
    const body = [...of(columns, name), ...of(constraints, name)].join(',\n')
    return [comment === null ? [] : [`-- ${comment}`], [`create table ${name} (\n${body}\n)${partitioned === null ? '' : ` partition by ${partitioned}`};`], of(indexes, name), of(triggers, name)].flat().join('\n')
  })
  return `-- Generated by \`npm run generate\` from the migrations. Do not edit.\n\n${[...functions.map(({ line }) => `${line.trim()};`), ...parts].join('\n\n')}\n`
}
