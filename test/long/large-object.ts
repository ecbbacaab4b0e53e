import { expect, test } from 'bun:test'
import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { storeLarge } from '../../benchmarks/object-store/load.ts'
import { embedded } from '../../benchmarks/object-store/peers.ts'
import { peakOf } from '../../benchmarks/object-store/process.ts'

const size = 5_000_000_000
const { bavail, bsize } = statfsSync(tmpdir())
const lacking =
  process.platform !== 'linux'
    ? 'memory is read from /proc, which only Linux has'
    : bavail * bsize < 3 * size
      ? `two objects of ${size / 1e9} GB want ${(3 * size) / 1e9} GB of free disk`
      : undefined
if (lacking !== undefined) console.warn(`skipped: ${lacking}`)

test.skipIf(lacking !== undefined)(
  'storing an object of 5 GB takes the embedded store less than 150 MB of memory',
  async () => {
    const store = await embedded()
    try {
      const stored: string[] = []
      await storeLarge(store.endpoint, size, (how) => void stored.push(how))
      expect(stored).toHaveLength(2)
      expect(peakOf(store.pid)).toBeLessThan(150)
    } finally {
      await store.stop()
    }
  },
)
