import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { drawPhoto } from '../../tasks/images/samples.ts'

// functional-1, killed again and again at a small size and a few times at full size; by hand, `--kills 1000` and `--faults`. A slow machine
// gets through fewer of them in its time.

const home = join(import.meta.dir, '../..')
const images = mkdtempSync(join(tmpdir(), 'assay-small-'))
beforeAll(async () => {
  await Bun.write(join(images, 'photo.jpg'), await drawPhoto({ width: 64, height: 48, seed: 1 }))
})
afterAll(() => rmSync(images, { recursive: true, force: true }))

const small = ['--set', `images=${images}`, '--set', 'sizes=16x16', '--set', 'poll=0.05']
const Found = v.object({ kills: v.number(), right: v.number() })

test.skipIf(process.platform !== 'linux').each<[what: string, kills: number, least: number, words: readonly string[]]>([
  ['small', 100, 30, [...small, '--within', '8']],
  ['small, its store failing', 30, 5, [...small, '--faults', '--jobs', '4', '--within', '4']],
  ['at full size', 10, 2, ['--within', '4']],
])('killed %s, up to %d times, functional-1 comes to what it does unbroken', async (_, kills, least, words) => {
  const command = ['torture', 'functional-1', '--kills', String(kills), '--json', ...words]
  const child = Bun.spawn([process.execPath, join(home, 'lib/cli/main.ts'), ...command], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const out = await child.stdout.text()
  const found = v.parse(Found, JSON.parse(out))
  if ((await child.exited) !== 0) throw new Error(out)
  expect(found.kills).toBeGreaterThanOrEqual(least)
  expect(found.right).toBe(found.kills)
})
