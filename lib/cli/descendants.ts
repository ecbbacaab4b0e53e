import { existsSync, readdirSync } from 'node:fs'
import { statOf } from '../shell/tag.ts'
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

function entryOf(name: string): [[number, number]] | [] {
  const [, parent] = statOf(Number(name))
  return parent === undefined ? [] : [[Number(name), Number(parent)]]
}
