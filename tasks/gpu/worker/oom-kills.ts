import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A count that goes up when the kernel kills a process of our control group, or of this machine, for want of memory; undefined where
 * nothing tells. Only the difference of two says something. `root` is `/` but in tests.
 */
export function oomKills(root = '/'): number | undefined {
  const groups = read(join(root, 'proc/self/cgroup')) ?? ''
  const unified = groups.match(/^0::(.*)$/m)?.[1] ?? ''
  const memory = groups.match(/^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m)?.[1] ?? ''
  const cgroup = join(root, 'sys/fs/cgroup')
  // A container may be told the path that its group has outside, while its own group is all that it sees, at the root.
  const files = new Set([
    join(cgroup, unified, 'memory.events'),
    join(cgroup, 'memory.events'),
    join(cgroup, 'memory', memory, 'memory.oom_control'),
    join(cgroup, 'memory', 'memory.oom_control'),
    join(root, 'proc/vmstat'),
  ])
  const counts = [...files].flatMap((file) => read(file)?.match(/^oom_kill (\d+)$/m)?.[1] ?? [])
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + Number(count), 0)
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined // no groups of this kind here, which is an answer
  }
}
