import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const made: string[] = []

/** A folder with these files, as `/` of a Linux machine; gone after `removeShapes`. */
export function machineOf(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'assay-machine-'))
  made.push(root)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

export function removeShapes(): void {
  for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true })
}

/** In the shapes that a kernel writes them in, with numbers of our own. */
export const laptop = {
  'proc/stat': 'cpu  1000 200 300 90000 50 7 8 40 0 0\ncpu0 500 100 150 45000 25 3 4 20 0 0\nintr 1 2 3\n',
  'proc/self/stat': `77 (a (b) c) R 1 77 77 0 -1 4194304 ${'0 '.repeat(29)}1 0 0 0 0 0`,
  'proc/self/cgroup': '0::/user.slice/work.scope\n',
  'proc/self/mountinfo': '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n',
  'proc/vmstat': 'nr_free_pages 10\npswpin 3\npswpout 5\npgfault 900\n',
  'proc/pressure/memory':
    'some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n',
  'sys/fs/cgroup/cpu.stat': 'usage_usec 5\nuser_usec 4\nsystem_usec 1\n',
  'sys/fs/cgroup/user.slice/cpu.stat': 'usage_usec 5\nnr_periods 40\nnr_throttled 3\nthrottled_usec 250000\n',
  'sys/fs/cgroup/user.slice/work.scope/cpu.stat': 'usage_usec 5\nnr_periods 10\nnr_throttled 1\nthrottled_usec 50000\n',
  'sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'powersave\n',
  'sys/devices/system/cpu/cpu1/cpufreq/scaling_governor': 'performance\n',
  'sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq': '800000\n',
  'sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq': '3200000\n',
  'sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count': '4\n',
  'sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count': '6\n',
  'sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count': '0\n',
  'sys/devices/system/cpu/cpu1/thermal_throttle/package_throttle_count': '6\n',
  'sys/devices/system/cpu/cpufreq/boost': '1\n',
}
