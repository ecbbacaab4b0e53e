import { afterAll, describe, expect, test } from 'bun:test'
import { lookAtLinux } from '../../../lib/machine/linux.ts'
import { quotaFiles } from '../../../lib/machine/quota-files.ts'
import { laptop, machineOf, removeShapes } from './shapes.ts'

afterAll(removeShapes)

describe('a look at a Linux machine', () => {
  test('reads every counter that it shows', () => {
    expect(lookAtLinux(machineOf(laptop), 100, 2, 1.5)).toEqual({
      at: 100,
      cores: 2,
      busy: 15,
      stolen: 0.4,
      own: 1.5,
      governors: ['powersave', 'performance'],
      clock: 3.2e9,
      heat: [10, 6],
      swapped: { in: 3, out: 5 },
      quota: { times: 4, seconds: 0.3 },
      memoryStall: 2.5,
    })
  })

  test('says nothing of what it does not show', () => {
    expect(lookAtLinux(machineOf({}), 1, 4, undefined)).toEqual({ at: 1, cores: 4 })
  })

  test.each([
    ['a sandbox whose times are zeros', { 'proc/stat': 'cpu  0 0 0 0 0 0 0 0 0 0\n' }],
    ['a kernel without swap counters', { 'proc/vmstat': 'nr_free_pages 10\n' }],
    [
      'a clock that its driver cannot tell',
      { ...laptop, 'sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq': '\n' },
    ],
    ['control groups without a quota', { ...laptop, 'proc/self/cgroup': '0::/\n' }],
  ] as const)('takes %s for nothing, and not for a zero', (_, files) => {
    const { busy, swapped, clock, quota } = lookAtLinux(machineOf(files), 1, 2, undefined)
    expect([busy, swapped, clock, quota]).toContain(undefined)
    expect([busy, swapped?.in, clock, quota?.times]).not.toContain(0)
  })

  test('reads a time that the hypervisor took only where the kernel counts it', () => {
    expect(lookAtLinux(machineOf({ 'proc/stat': 'cpu  100 0 0 100 0 0 0\n' }), 1, 2, 0)).toEqual({
      at: 1,
      cores: 2,
      busy: 1,
      own: 0,
    })
  })

  test('reads the first version of control groups, whose times are in nanoseconds', () => {
    const files = {
      'proc/self/cgroup': '9:name=systemd:/a\n3:cpu,cpuacct:/a\n0::/\n',
      'proc/self/mountinfo':
        '31 1 0:28 / /cg rw - tmpfs tmpfs rw\n32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n',
      'cg/cpu/a/cpu.stat': 'nr_periods 9\nnr_throttled 2\nthrottled_time 500000000\n',
    }
    expect(lookAtLinux(machineOf(files), 1, 2, undefined).quota).toEqual({ times: 2, seconds: 0.5 })
  })
})

describe('the files that count how often a quota stopped this process', () => {
  const v2 = '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw'
  const cpu = '32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu'
  test.each([
    ['at the root', '0::/', v2, ['/sys/fs/cgroup/cpu.stat']],
    ['of a group and those around it', '0::/a/b', v2, ['', '/a', '/a/b'].map((at) => `/sys/fs/cgroup${at}/cpu.stat`)],
    [
      'of both versions',
      '1:cpu:/a\n0::/',
      `${v2}\n${cpu}`,
      ['/cg/cpu/cpu.stat', '/cg/cpu/a/cpu.stat', '/sys/fs/cgroup/cpu.stat'],
    ],
    [
      'of a container that sees only its own group',
      '1:cpu:/box/1',
      '32 31 0:29 /box/1 /cg/cpu rw - cgroup cgroup rw,cpu',
      ['/cg/cpu/cpu.stat'],
    ],
    ['of another controller: none', '4:memory:/a', cpu, []],
    ['of a set of cores: none', '4:cpuset:/a', '33 31 0:30 / /cg/set rw - cgroup cgroup rw,cpuset', []],
    ['without control groups: none', '', '', []],
  ])('%s', (_, groups, mounts, expected) => {
    const files: Readonly<Record<string, string>> = { '/proc/self/cgroup': groups, '/proc/self/mountinfo': mounts }
    expect(quotaFiles((path) => files[path])).toEqual(expected)
  })
})
