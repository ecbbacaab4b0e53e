import { readdirSync } from 'node:fs'
import type { Stopped } from '../plan/context.ts'
import { errorCode } from '../plan/problem.ts'
import { statOf } from './tag.ts'

/** Sends `signal` to every process of the group; false when there is none any more. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false
    throw error
  }
}

/** Whether a process of the group still runs; one that has ended but was not reaped yet does not. */
export function groupRuns(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
  return process.platform !== 'linux' || membersOf(group).length > 0
}

/** Ends what is left of the group: SIGTERM, `grace` milliseconds to go by itself, SIGKILL. Resolves once nothing of it runs, with what it took. */
export async function endGroup(group: number, grace: number): Promise<Stopped> {
  if (!groupRuns(group)) return 'by itself'
  signalGroup(group, 'SIGTERM')
  if (await gone(group, grace)) return 'term'
  signalGroup(group, 'SIGKILL')
  // A second is ample for the kernel; what it can't end in that time (a dead network disk) nobody can.
  await gone(group, 1000)
  return 'kill'
}

/** What of it stays behind once it should be over: what goes by itself within a moment, such as a helper that sees its pipe close, is left out. */
export async function leftInGroup(group: number): Promise<number> {
  if (await gone(group, 100)) return 0
  return process.platform === 'linux' ? membersOf(group).length : 1
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
    const [state, , pgrp] = statOf(Number(name))
    return pgrp === String(group) && state !== 'Z' && state !== 'X' ? [Number(name)] : []
  })
}
