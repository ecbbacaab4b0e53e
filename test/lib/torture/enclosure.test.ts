import { describe, expect, test } from 'bun:test'
import { cgroupHome, enclosuresIn } from '../../../lib/torture/enclosure.ts'
import { runs } from '../shell/runs.ts'

const linux = process.platform === 'linux'
const home = linux ? cgroupHome() : undefined
if (home === undefined) console.warn('skipped: enclosures by control groups, as none can be made here')

/** Prints its own process id, with nothing left of the tree that it was born in. */
const hidden = 'setsid -f sh -c "echo \\$\\$; exec env -i sleep 60 </dev/null >/dev/null"'

describe.skipIf(!linux).each([
  ['control groups', home],
  ['a resource limit', undefined],
] as const)('an enclosure by %s', (kind, home) => {
  test.skipIf(kind === 'control groups' && home === undefined)(
    'counts and ends what hid from its parent, and only that',
    async () => {
      const enclosures = enclosuresIn(home)
      try {
        const one = enclosures.make('one')
        const other = enclosures.make('other')
        const start = (argv: readonly string[]) =>
          Bun.spawn([...argv], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
        const child = one.start(['sh', '-c', hidden], start)
        const neighbour = other.start(['sleep', '60'], start)
        const { value } = await child.stdout.getReader().read()
        const pid = Number(new TextDecoder().decode(value))
        await child.exited
        expect(one.pids()).toEqual([pid])
        expect(one.all()).toEqual([pid])
        expect(other.all()).toEqual([neighbour.pid])

        await one.end()
        expect([runs(pid), runs(neighbour.pid)]).toEqual([false, true])
        await enclosures.end()
        expect(runs(neighbour.pid)).toBe(false)
      } finally {
        await enclosures.end()
      }
    },
  )
})
