import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { messageOf } from '../../../../lib/index.ts'
import { oomKills } from '../../../../tasks/gpu/worker/oom-kills.ts'
import { startWorker } from '../../../../tasks/gpu/worker/worker-process.ts'

setDefaultTimeout(60_000)

const scratch = mkdtempSync(join(tmpdir(), 'assay-oom-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function machine(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(scratch, name)
  mkdirSync(root)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

describe('the kernel is asked how often it killed', () => {
  const events = (kills: number) => `low 0\nhigh 0\noom 9\noom_kill ${kills}\noom_group_kill 0\n`
  test.each([
    ['v2', { 'proc/self/cgroup': '0::/a/b\n', 'sys/fs/cgroup/a/b/memory.events': events(2) }, 2],
    ['v2 in a container', { 'proc/self/cgroup': '0::/../x\n', 'sys/fs/cgroup/memory.events': events(3) }, 3],
    [
      'v1',
      {
        'proc/self/cgroup': '5:cpu,memory:/job\n0::/\n',
        'sys/fs/cgroup/memory/job/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 4\n',
      },
      4,
    ],
    ['no groups', { 'proc/vmstat': 'pgfault 1\noom_kill 5\nx 1\n' }, 5],
    ['the root group', { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.events': events(1) }, 1],
    ['an old kernel', { 'proc/self/cgroup': '0::/\n', 'proc/vmstat': 'pgfault 1\n' }, undefined],
    ['no Linux', {}, undefined],
  ] as const)('%s', (name, files, kills) => {
    expect(oomKills(machine(name, files))).toBe(kills)
  })
})

/** A control group of ours with little memory; else why there can be none. */
function smallGroup(): { readonly procs: string; remove(): void } | { readonly unavailable: string } {
  const [v1, v2] = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup']
  const [root, limit] = existsSync(v1) ? [v1, 'memory.limit_in_bytes'] : [v2, 'memory.max']
  const group = join(root, `assay-test-${process.pid}`)
  try {
    mkdirSync(group)
    try {
      writeFileSync(join(group, limit), String(64 * 2 ** 20))
      return { procs: join(group, 'cgroup.procs'), remove: () => rmdirSync(group) }
    } catch (error) {
      rmdirSync(group)
      throw error
    }
  } catch (error) {
    return { unavailable: messageOf(error) }
  }
}

test('a worker that the kernel kills for want of memory is told from one that somebody killed', async () => {
  const group = smallGroup()
  if ('unavailable' in group) return console.log(`skipped: no small control group can be made: ${group.unavailable}`)
  const worker = startWorker({
    name: 'The worker',
    command: ['bash', '-c', `read -r _; echo $$ > ${group.procs}; exec tail /dev/zero`],
    cwd: '/',
    env: { PATH: process.env.PATH },
    log() {},
  })
  expect(await worker.ask({ ask: 'grow' }, v.unknown(), 50_000)).toEqual({
    kind: 'killed',
    memory: true,
    sentence: "The worker was killed with SIGKILL at 'grow', while the kernel killed a process for want of memory.",
  })
  group.remove()
})
