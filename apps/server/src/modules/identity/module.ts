import type { Module } from '../../platform/module.ts'
import { saveRole } from './identity.db.ts'
import { identityRoutes } from './identity.routes.ts'
import { BUILT_IN_ROLES } from './roles.ts'
import { sessionRoutes } from './sessions.routes.ts'

export { createAuthenticator } from './authenticate.ts'

export function identityModule(permissions: () => Readonly<Record<string, string>>): Module {
  return {
    name: 'identity',
    routes: [...identityRoutes(permissions), ...sessionRoutes],
    permissions: { 'identity:manage': 'Add and change staff and roles', 'identity:keys': 'Make and revoke API keys' },
    problems: {
      role_built_in: { status: 409, title: 'The role is built in' },
      key_shown_once: { status: 409, title: 'The key was shown once', remedy: 'Where its answer was lost, revoke the key named in the answer and make another with a new Idempotency-Key.' },
      wrong_credentials: { status: 401, title: 'Wrong e-mail address or password' },
      too_many_attempts: { status: 429, title: 'Too many failed sign-ins' },
    },
    prepare: async ({ db }) => {
      for (const [code, role] of Object.entries(BUILT_IN_ROLES)) await saveRole(db, { code, ...role, built_in: true })
    },
  }
}
