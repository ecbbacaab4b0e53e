import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { victims } from '../../lib/torture/kills.ts'
import { drawPhoto } from '../../tasks/images/samples.ts'
import { home } from '../lib/cli/helpers.ts'
import { sets } from './own-plans.ts'

const images = mkdtempSync(join(tmpdir(), 'assay-small-'))
afterAll(() => rmSync(images, { recursive: true, force: true }))

// A few kills of what `bun run test:long` kills hundreds of times.
test.skipIf(process.platform !== 'linux')(
  'functional-1 comes through the death of each of its processes',
  async () => {
    await Bun.write(join(images, 'photo.jpg'), await drawPhoto({ width: 64, height: 48, seed: 1 }))
    const words = ['--kills', String(victims.length), ...sets({ images, sizes: '16x16', poll: '0.05' })]
    const child = Bun.spawn([process.execPath, 'lib/cli/main.ts', 'torture', 'functional-1', ...words], {
      cwd: home,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const out = await child.stdout.text()
    expect(out).toMatch(/^ {2}in all +6 +6 +0 +0 +0 +0$/m)
    expect(await child.exited).toBe(0)
  },
  240_000,
)
