import { readdirSync, readFileSync } from 'node:fs'

/** Sends `signal` to every process of the group; false when there is none any more. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
    throw error
  }
}

/** Whether a process of the group still runs; one that has ended but was not reaped yet does not. */
export function groupRuns(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
  return process.platform !== 'linux' || membersOf(group).length > 0
}

/** Ends what is left of the group: SIGTERM, `grace` milliseconds to go by itself, SIGKILL. Resolves once nothing of it runs. */
export async function endGroup(group: number, grace: number): Promise<void> {
  if (!groupRuns(group)) return
  signalGroup(group, 'SIGTERM')
  if (await gone(group, grace)) return
  signalGroup(group, 'SIGKILL')
  // A second is ample for the kernel; what it can't end in that time (a dead network disk) nobody can.
  await gone(group, 1000)
}

async function gone(group: number, within: number): Promise<boolean> {
  const deadline = performance.now() + within
  for (let pause = 2; groupRuns(group); pause = Math.min(pause * 2, 50)) {
    if (performance.now() >= deadline) return false
    await Bun.sleep(pause)
  }
  return true
}

function membersOf(group: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    const [state, , pgrp] = statOf(name)
    return pgrp === String(group) && state !== 'Z' && state !== 'X' ? [Number(name)] : []
  })
}

/** State, parent, group … of a process: what stands after its name, which may itself hold spaces and brackets. */
function statOf(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    // It ended between the listing and the look.
    return []
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
