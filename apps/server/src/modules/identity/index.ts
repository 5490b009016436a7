export { SESSION_COOKIE } from './authenticate.ts'
export { findUser } from './identity.db.ts'
