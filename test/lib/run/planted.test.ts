import { afterAll, describe, expect, test } from 'bun:test'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Planted, planted } from './properties/planted.ts'

const root = join(import.meta.dir, '../../..')
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** What the properties say of the engine with `defect` in it, in a copy of their own. */
async function judged(defect?: Planted): Promise<{ readonly exit: number; readonly said: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-planted-'))
  folders.push(folder)
  for (const path of [
    'package.json',
    'bunfig.toml',
    'test/seed.ts',
    'lib',
    'test/lib/run/properties',
    'test/lib/run/properties.test.ts',
  ])
    cpSync(join(root, path), join(folder, path), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  if (defect !== undefined) {
    const path = join(folder, defect.file)
    const parts = readFileSync(path, 'utf8').split(defect.from)
    expect(parts).toHaveLength(2)
    writeFileSync(path, parts.join(defect.to))
  }
  const child = Bun.spawn([process.execPath, 'test', '--bail', 'test/lib/run/properties.test.ts'], {
    cwd: folder,
    // Always the same graphs: whether they are enough must not be a matter of luck.
    env: { ...process.env, ASSAY_RUNS: '100', ASSAY_SEED: '1', ASSAY_SHRINK: 'no' },
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const said = await new Response(child.stderr).text()
  return { exit: await child.exited, said }
}

// All at once, each a test process of its own.
const withinMs = 300_000

describe('the properties of a run', () => {
  test.concurrent(
    'hold of the engine as it is',
    async () => {
      const { exit, said } = await judged()
      expect([exit, said]).toEqual([0, expect.stringContaining('4 pass')])
    },
    withinMs,
  )

  test.concurrent.each(planted.map((defect) => [defect.name, defect] as const))(
    'do not hold when %s',
    async (_, defect) => {
      const { exit, said } = await judged(defect)
      expect([exit, said]).toEqual([1, expect.stringContaining('Property failed after')])
    },
    withinMs,
  )
})
