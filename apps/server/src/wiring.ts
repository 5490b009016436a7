import type { FastifyInstance } from 'fastify'
import type { ProblemTable } from './kernel/problem.ts'
import { DATABASE_CLOCK, type Clock } from './platform/clock.ts'
import { openDatabase } from './platform/db.ts'
import { createFeedGrowth } from './platform/event-feed.ts'
import { createExecutor } from './platform/executor.ts'
import { pagesModule } from './platform/http/pages/pages.ts'
import { createServer } from './platform/http/server.ts'
import { createJobs, type Jobs } from './platform/jobs.ts'
import { createLog, type Logger } from './platform/log.ts'
import { startLoop, type Loop } from './platform/loop.ts'
import { createMetrics } from './platform/metrics.ts'
import type { LoopDefinition, Module, Runtime } from './platform/module.ts'
import { platformModule } from './platform/platform.routes.ts'
import { relayOnce } from './platform/relay.ts'
import { catalogModule } from './modules/catalog/module.ts'
import { customersModule } from './modules/customers/module.ts'
import { SESSION_COOKIE } from './modules/identity/index.ts'
import { createAuthenticator, identityModule } from './modules/identity/module.ts'
import { channelsModule } from './modules/channels/module.ts'
import { inventoryModule } from './modules/inventory/module.ts'
import { locationsModule } from './modules/locations/module.ts'
import { paymentsModule } from './modules/payments/module.ts'
import type { OrderPorts } from './modules/orders/index.ts'
import { ordersModule } from './modules/orders/module.ts'
import { importOnlineRetail, type ImportOptions, type ImportResult } from './modules/integrations/index.ts'
import { integrationsModule } from './modules/integrations/module.ts'
import { planStock, unclaim } from './modules/sourcing/index.ts'
import { shippingModule } from './modules/shipping/module.ts'
import { withdrawUnits } from './modules/fulfillment/index.ts'
import { fulfillmentModule } from './modules/fulfillment/module.ts'
import { returnsModule } from './modules/returns/module.ts'
import { sourcingModule } from './modules/sourcing/module.ts'

/** Everything that runs, joined. This is the only file that knows all modules. */
export type Application = Runtime & {
  server: FastifyInstance
  jobs: Jobs
  modules: readonly Module[]
  permissions: Readonly<Record<string, string>>
  problems: ProblemTable
  /** Brings the database in line with this program after migrations: built-in roles, job queues. */
  prepare: () => Promise<void>
  /** Begins background work in this process: the event relay, loops and jobs. */
  startWorkers: () => Promise<void>
  /** Runs every loop and all due jobs until all are quiet. For tests and the command line, where no worker runs. */
  settle: () => Promise<void>
  /** Imports a file of the Online Retail data set. */
  importOnlineRetail: (file: string, options?: ImportOptions) => Promise<ImportResult>
  stop: () => Promise<void>
}

export type ApplicationOptions = {
  database_url: string
  clock?: Clock
  log?: Logger
  /** An administrator's API key to accept. */
  admin_key?: string | undefined
  max_connections?: number
  /** Requests that may be at hand at once before others are turned away. */
  max_in_flight?: number | undefined
}

export async function createApplication(options: ApplicationOptions): Promise<Application> {
  const log = options.log ?? createLog('info')
  const clock = options.clock ?? DATABASE_CLOCK
  const db = openDatabase(options.database_url, {
    max_connections: options.max_connections ?? 10,
    on_error: (error) => { log.warn({ err: error }, 'an idle database connection broke; the pool replaces it') },
  })
  const jobs = createJobs({ url: options.database_url, log })
  const metrics = createMetrics()
  let pokeRelay: () => void = () => undefined
  const growth = createFeedGrowth()
  const executor = createExecutor({ db, clock, insert_jobs: jobs.insert, after_commit: () => { pokeRelay() }, observe: metrics.observeCommand })
  const runtime: Runtime = { db, executor, clock, log }

  // What orders need from the modules above them.
  const ports: OrderPorts = {
    sourcing: { plan: planStock, unclaim },
    fulfillment: { withdraw: withdrawUnits },
  }
  const modules: Module[] = [platformModule(metrics, jobs, growth), identityModule(() => permissions), catalogModule, customersModule, locationsModule, channelsModule, inventoryModule, paymentsModule, ordersModule(ports), sourcingModule(ports, { db, clock }), shippingModule, fulfillmentModule(ports), returnsModule(clock), integrationsModule,
    pagesModule({ problems: () => problems, routes: () => modules.flatMap((module) => module.routes), session_cookie: SESSION_COOKIE })]
  const permissions: Record<string, string> = Object.assign({}, ...modules.map((module) => module.permissions)) as Record<string, string>
  const problems = Object.assign({}, ...modules.map((module) => module.problems)) as ProblemTable
  const jobDefinitions = modules.flatMap((module) => module.jobs?.(runtime) ?? [])
  const loops: LoopDefinition[] = [
    { name: 'relay', interval_ms: 100, round: async () => { const moved = await relayOnce(db); if (moved > 0) growth.tell(); return moved } },
    ...modules.flatMap((module) => module.loops ?? []),
  ]
  const server = await createServer({
    db, executor, log, permissions, problems,
    max_in_flight: options.max_in_flight, on_shed: metrics.countShed,
    routes: modules.flatMap((module) => module.routes),
    authenticate: createAuthenticator(runtime, options.admin_key),
  })

  let running: Loop[] = []
  return {
    ...runtime, server, jobs, modules, permissions, problems,
    prepare: async () => {
      for (const module of modules) await module.prepare?.(runtime)
      await jobs.prepare(jobDefinitions)
    },
    startWorkers: async () => {
      running = loops.map(({ name, interval_ms, round }) => startLoop(name, interval_ms, () => round(runtime), log))
      pokeRelay = running[0]!.poke
      await jobs.work(jobDefinitions)
    },
    importOnlineRetail: (file, importOptions) => importOnlineRetail(runtime, ports, file, importOptions),
    settle: () => settle([...loops, { name: 'jobs', interval_ms: 0, round: () => jobs.runDue(jobDefinitions) }], runtime),
    stop: async () => {
      await server.close()
      await Promise.all(running.map((loop) => loop.stop()))
      await jobs.stop()
      await db.close()
    },
  }
}

async function settle(loops: readonly LoopDefinition[], runtime: Runtime): Promise<void> {
  let did: number
  do {
    did = 0
    for (const { round } of loops) did += await round(runtime)
  } while (did > 0)
}

