import { Type } from 'typebox'
import { ids } from '../../kernel/id-kinds.ts'
import { refuse } from '../../kernel/problem.ts'
import { listQuery, pageOf, readPage, type ListSpec } from '../../platform/http/listing.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code } from '../../platform/http/schemas.ts'
import { sql } from '../../platform/sql.ts'
import { createGroup, updateGroup } from './commands/location-groups.ts'
import { findGroup, groupColumns, groupsWithin, type GroupRow } from './location-groups.db.ts'
import { GroupView, viewGroup } from './location-view.ts'

const ByCode = Type.Object({ code: Code }, closed)
const Name = Type.String({ minLength: 1, maxLength: 200 })
const Members = Type.Array(Code, { maxItems: 1_000, uniqueItems: true, description: 'Codes of all its members' })

const GROUPS: ListSpec = {
  id: ids.group, id_sql: 'g.id', default_sort: 'code',
  fields: {
    code: { sql: 'g.code', type: 'text', sortable: true },
    name: { sql: 'g.name', type: 'text', sortable: true, filterable: false },
  },
}

const listGroups = route({
  operation_id: 'listLocationGroups', method: 'GET', url: '/v1/location-groups', tag: 'locations', permission: 'locations:read', summary: 'List location groups',
  query: listQuery(GROUPS),
  reply: { status: 200, schema: pageOf(GroupView) },
  handle: async ({ query, caller, db }) => {
    const page = await readPage<GroupRow & { cursor_id: string; cursor_value: string }>(
      db, GROUPS, query, (cursor) => sql`select ${cursor}, ${groupColumns(caller.location_ids)} from location_groups g`, [groupsWithin(caller.location_ids)],
    )
    return { ...page, data: page.data.map(viewGroup) }
  },
})

const postGroup = route({
  operation_id: 'createLocationGroup', method: 'POST', url: '/v1/location-groups', tag: 'locations', permission: createGroup.permission, summary: 'Add a location group',
  body: Type.Object({ code: Code, name: Name, locations: Type.Optional(Members) }, closed),
  reply: { status: 201, schema: GroupView }, problems: ['already_exists'],
  handle: async ({ body, run, etag }) => {
    const group = await run(createGroup, body)
    etag(group.version)
    return group
  },
})

const getGroup = route({
  operation_id: 'getLocationGroup', method: 'GET', url: '/v1/location-groups/:code', tag: 'locations', permission: 'locations:read', summary: 'Look at a location group',
  params: ByCode,
  reply: { status: 200, schema: GroupView }, problems: ['not_found'],
  handle: async ({ params, caller, db, etag }) => {
    const group = await findGroup(db, params.code, caller.location_ids)
    if (group === undefined) throw refuse('not_found', `There is no location group ${params.code}.`)
    etag(group.version)
    return viewGroup(group)
  },
})

const patchGroup = route({
  operation_id: 'updateLocationGroup', method: 'PATCH', url: '/v1/location-groups/:code', tag: 'locations', permission: updateGroup.permission, summary: 'Change a location group',
  description: '`locations` replaces all members.',
  params: ByCode,
  body: Type.Object({ name: Type.Optional(Name), locations: Type.Optional(Members) }, closed),
  reply: { status: 200, schema: GroupView }, problems: ['not_found', 'stale_version'],
  handle: async ({ params, body, seen_version, run, etag }) => {
    const group = await run(updateGroup, { code: params.code, seen_version, patch: body })
    etag(group.version)
    return group
  },
})

export const locationGroupRoutes: Route[] = [listGroups, postGroup, getGroup, patchGroup]
