/**
 * The files that count how often a quota stopped this process: `cpu.stat` of its control group and of each around it, of either version of
 * control groups. `read` gives a file's text.
 */
export function quotaFiles(read: (path: string) => string | undefined): readonly string[] {
  const groups = read('/proc/self/cgroup')
  const mounts = mountsIn(read('/proc/self/mountinfo') ?? '')
  return (groups ?? '').split('\n').flatMap((line) => {
    const [, , controllers, group] = line.match(/^(\d+):([^:]*):(.*)$/) ?? []
    if (controllers === undefined || group === undefined) return []
    const mount = mounts.find(({ type, options }) =>
      controllers === '' ? type === 'cgroup2' : options.includes('cpu') && controllers.split(',').includes('cpu'),
    )
    return mount === undefined ? [] : foldersUpTo(mount.point, within(mount.root, group)).map((at) => `${at}/cpu.stat`)
  })
}

interface Mount {
  /** Which folder of the hierarchy is seen at `point`: in a container, that of its own group. */
  readonly root: string
  readonly point: string
  readonly type: string
  readonly options: readonly string[]
}

function mountsIn(mountinfo: string): readonly Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ')
    const [, , , root, point] = left.split(' ')
    const [type = '', , options = ''] = right.split(' ')
    return root !== undefined && point !== undefined && type.startsWith('cgroup')
      ? { root, point, type, options: options.split(',') }
      : []
  })
}

function within(root: string, group: string): string {
  if (root === '/') return group
  return group === root || group.startsWith(`${root}/`) ? group.slice(root.length) : '/'
}

function foldersUpTo(point: string, group: string): readonly string[] {
  const names = group.split('/').filter((name) => name !== '')
  return [point, ...names.map((_, index) => `${point}/${names.slice(0, index + 1).join('/')}`)]
}
