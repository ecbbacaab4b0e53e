import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { killMarked } from '../shell/tree.ts'

/** Ends every process that this one started at once; where they can't be marked, those that are still its children, or children of one. */
export function killDescendants(): void {
  if (killMarked()) return
  const children = new Map<number, number[]>()
  for (const [pid, parent] of processes()) children.set(parent, [...(children.get(parent) ?? []), pid])
  const found = [...(children.get(process.pid) ?? [])]
  for (const pid of found) found.push(...(children.get(pid) ?? []))
  for (const pid of found) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended since.
    }
  }
}

/** Every process with its parent. Slim Linux images have no `ps`, and macOS has no `/proc`. */
function processes(): readonly (readonly [pid: number, parent: number])[] {
  if (existsSync('/proc/self/stat'))
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? entryOf(name) : []))
  const { stdout } = Bun.spawnSync(['ps', '-A', '-o', 'pid=,ppid='], { stdin: 'ignore', stderr: 'ignore' })
  return [...stdout.toString().matchAll(/(\d+)\s+(\d+)/g)].map(([, pid, parent]) => [Number(pid), Number(parent)])
}

function entryOf(pid: string): [[number, number]] | [] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Its name, which may hold anything, stands in brackets before its state and its parent.
    const [, parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return [[Number(pid), Number(parent)]]
  } catch {
    return [] // it ended between the listing and the look
  }
}
