/** Ends every process that this one started and that is still its child, or a child of one, at once. */
export function killDescendants(): void {
  const { stdout } = Bun.spawnSync(['ps', '-A', '-o', 'pid=,ppid='], { stdin: 'ignore', stderr: 'ignore' })
  const children = new Map<number, number[]>()
  for (const line of stdout.toString().split('\n')) {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number)
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const found = [...(children.get(process.pid) ?? [])]
  for (const pid of found) found.push(...(children.get(pid) ?? []))
  for (const pid of found) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended since, as the `ps` above has.
    }
  }
}
