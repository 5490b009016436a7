export type { Channel } from './channel.ts'
export { resolveChannelSkus } from './channel-skus.db.ts'
export { findChannels, findChannelsByCode, orderForms } from './channels.db.ts'
export { checkAnswers, type Answer, type FormField } from './order-form.ts'
