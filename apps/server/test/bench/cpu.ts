import { readdirSync, readFileSync } from 'node:fs'

/** CPU milliseconds that processes have used since they began, and the machine as a whole since it started. */
export type CpuSample = { at: number; server: number; postgres: number; machine: number }

/** Linux counts CPU time in hundredths of a second, whatever the machine. */
const MS_PER_TICK = 10

/** A sample of the server process, of PostgreSQL with all its processes (also those that have ended), and of everything that runs here. */
export function sampleCpu(serverPid: number, postmasterPid: number): CpuSample {
  return { at: performance.now(), server: ownCpu(serverPid), postgres: familyCpu(postmasterPid), machine: machineCpu() }
}

function ownCpu(pid: number): number {
  const fields = statOf(pid)
  return fields === undefined ? 0 : ticks(fields, [11, 12])
}

/** The postmaster, the children it has waited for, and those that live. */
function familyCpu(pid: number): number {
  const parent = statOf(pid)
  if (parent === undefined) return 0
  let sum = ticks(parent, [11, 12, 13, 14])
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const fields = statOf(Number(name))
    if (fields !== undefined && Number(fields[1]) === pid) sum += ticks(fields, [11, 12])
  }
  return sum
}

/** Busy time of all processors: user, nice, system, irq, softirq; neither idle nor waiting nor stolen. */
function machineCpu(): number {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1).map(Number)
  return [0, 1, 2, 5, 6].reduce((sum, index) => sum + fields[index]!, 0) * MS_PER_TICK
}

/** The fields after the name, which may hold anything: state, parent, …; user and system time are 11 and 12, those of ended children 13 and 14. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    // The process ended a moment ago.
    return undefined
  }
}

function ticks(fields: readonly string[], indexes: readonly number[]): number {
  return indexes.reduce((sum, index) => sum + Number(fields[index]), 0) * MS_PER_TICK
}

/** Memory a process holds, in megabytes. */
export function memoryMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}
