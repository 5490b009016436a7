import { Type } from 'typebox'
import { refuse } from '../../kernel/problem.ts'
import { route, type Route } from '../../platform/http/route.ts'
import { closed, Code } from '../../platform/http/schemas.ts'
import { OrderFormView, viewOrderForm } from './channel-view.ts'
import { findChannel, findOrderForm } from './channels.db.ts'
import { saveOrderForm } from './commands/save-order-form.ts'
import { FormField } from './order-form.ts'
import { requireChannel } from './scope.ts'

const ByCode = Type.Object({ code: Code }, closed)

const getOrderForm = route({
  operation_id: 'getOrderForm', method: 'GET', url: '/v1/channels/:code/order-form', tag: 'channels', permission: 'channels:read', summary: 'Look at the order form of a channel',
  description: 'The newest version, or the one asked for: orders name theirs.',
  params: ByCode,
  query: Type.Object({ form_version: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })) }, closed),
  reply: { status: 200, schema: OrderFormView }, problems: ['not_found'],
  handle: async ({ params, query, caller, db, etag }) => {
    const channel = requireChannel(caller, params.code, await findChannel(db, params.code))
    const version = query.form_version ?? channel.form_version
    if (version > channel.form_version) throw refuse('not_found', `The newest order form of ${channel.code} is version ${channel.form_version}.`)
    etag(version)
    return viewOrderForm(channel.code, await findOrderForm(db, channel.id, version))
  },
})

const putOrderForm = route({
  operation_id: 'saveOrderForm', method: 'PUT', url: '/v1/channels/:code/order-form', tag: 'channels', permission: saveOrderForm.permission, summary: 'Set the order form of a channel',
  description: 'Makes a new version; orders keep theirs. `If-Match` carries the version of the form that you saw.',
  params: ByCode,
  body: Type.Object({ fields: Type.Array(FormField, { maxItems: 100 }) }, closed),
  reply: { status: 200, schema: OrderFormView }, problems: ['not_found', 'stale_version'],
  handle: async ({ params, body, seen_version, run, etag }) => {
    const form = await run(saveOrderForm, { code: params.code, seen_form_version: seen_version, fields: body.fields })
    etag(form.form_version)
    return form
  },
})

export const orderFormRoutes: Route[] = [getOrderForm, putOrderForm]
