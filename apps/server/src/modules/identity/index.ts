export { SESSION_COOKIE } from './authenticate.ts'
export { BUILT_IN_ROLES } from './roles.ts'
