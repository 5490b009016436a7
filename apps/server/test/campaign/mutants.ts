import { availableParallelism } from 'node:os'
import { startTemplate } from '../harness/global.ts'
import { huntAll, type Hunted } from '../mutants/hunt.ts'
import { MUTANTS } from '../mutants/lists/index.ts'
import { mutate } from '../mutants/mutant.ts'
import type { Campaign } from './cli.ts'

export const mutants: Campaign = {
  about: 'code and schema made wrong in one place after the other; fails where no test notices',
  minutes: undefined,
  options: { only: 'only mutants whose name or identity contains this' },
  speaks_json: true,
  run: async ({ json, options: { only = '' } }) => {
    const chosen = MUTANTS.filter(({ name, identity }) => name.includes(only) || identity.includes(only))
    if (chosen.length === 0) {
      process.stderr.write(`no mutant is called so; there are:\n${MUTANTS.map(({ name }) => `  ${name}`).join('\n')}\n`)
      return false
    }
    for (const mutant of chosen) mutate(mutant)
    const template = await startTemplate()
    try {
      const hunted = await huntAll(template.url, chosen, Math.min(availableParallelism(), chosen.length), (one) => {
        if (json) process.stdout.write(`${JSON.stringify(lineOf(one))}\n`)
        else process.stderr.write(`${one.killer === undefined ? 'SURVIVED' : 'killed'} in ${one.seconds.toFixed(1)} s: ${one.mutant.name}\n`)
      })
      if (!json) process.stdout.write(table(hunted))
      return hunted.every(({ killer }) => killer !== undefined)
    } finally {
      await template.stop()
    }
  },
}

function lineOf({ mutant: { name, identity, file }, killer, seconds }: Hunted): Record<string, unknown> {
  return { name, identity, file, killed: killer !== undefined, killed_by: killer?.test ?? null, seconds: Math.round(seconds * 10) / 10 }
}

function table(hunted: readonly Hunted[]): string {
  const rows = [['mutant', 'identity', 'killed by', 'seconds'], ...hunted.map(({ mutant: { name, identity }, killer, seconds }) => [name, identity, killer?.test ?? 'NOTHING', seconds.toFixed(1)])]
  const killed = hunted.filter(({ killer }) => killer !== undefined).length
  return `\n${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n\n${hunted.length} mutants, ${killed} killed, ${hunted.length - killed} survived\n`
}
