export { SESSION_COOKIE } from './authenticate.ts'
