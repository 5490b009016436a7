import type { Module } from '../../platform/module.ts'
import { problems } from './online-retail/problems.ts'

/** Imports run from the command line; connectors and webhooks will plug in here. */
export const integrationsModule: Module = {
  name: 'integrations',
  routes: [],
  permissions: { 'integrations:import': 'Import files' },
  problems,
}
