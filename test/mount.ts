/** Before a command that may mount what it likes, seen by nobody else: in a user namespace, without any rights. */
export const inOwnMounts = ['unshare', '--user', '--map-root-user', '--mount']

/** Why this machine can't do that; undefined where it can. */
export function mountProblem(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has user namespaces'
  if (Bun.which('unshare') === null) return 'there is no unshare (util-linux) on PATH'
  const tried = Bun.spawnSync([...inOwnMounts, 'mount', '-t', 'tmpfs', 'none', '/mnt'])
  return tried.exitCode === 0 ? undefined : `nobody may mount a disk of his own: ${tried.stderr.toString().trim()}`
}
