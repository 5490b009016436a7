import type { Command } from 'commander'
import { inApplication } from './context.ts'
import { withQuery } from './in-process-api.ts'
import { shortTime, table } from './output.ts'

type JobView = { id: string; kind: string; state: string; attempts: number; error: string | null; created_at: string; due_at: string }

export function registerJobs(program: Command): void {
  const jobs = program.command('jobs').description('Look at background jobs that are not done, and replay parked ones')
  jobs.command('list')
    .description('List jobs, newest first')
    .option('--state <state>', 'waiting, retrying, running or parked; several comma-separated')
    .option('--kind <kind>', 'only jobs of this kind, such as payments.settle')
    .option('-n, --limit <number>', 'how many (at most 200)', '50')
    .addHelpText('after', '\nExamples:\n  npm run switchyard -- jobs list --state parked\n  npm run -s switchyard -- jobs list --json')
    .action(inApplication(async ({ call, out }, { state, kind, limit }: { state?: string; kind?: string; limit: string }) => {
      const page = await call<{ data: JobView[] }>('GET', withQuery('/v1/jobs', { limit, 'filter[state]': state, 'filter[kind]': kind }))
      out(page, () => table(page.data, [
        { title: 'id', value: ({ id }) => id },
        { title: 'kind', value: (job) => job.kind },
        { title: 'state', value: (job) => job.state },
        { title: 'attempts', value: ({ attempts }) => attempts, align: 'right' },
        { title: 'created', value: ({ created_at }) => shortTime(created_at) },
        { title: 'due', value: ({ due_at }) => shortTime(due_at) },
        { title: 'error', value: ({ error }) => error },
      ], 'No jobs.'))
    }))

  jobs.command('replay <id>')
    .description('Give a parked job one more try')
    .addHelpText('after', '\nExample:\n  npm run switchyard -- jobs replay job_01j9…')
    .action(inApplication(async ({ call, out }, id: string) => {
      const replayed = await call<{ id: string; kind: string }>('POST', `/v1/jobs/${encodeURIComponent(id)}/replay`, {})
      out(replayed, () => `${replayed.kind} runs again.`)
    }))
}
