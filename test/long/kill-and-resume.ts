import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drawSamples } from '../../tasks/images/samples.ts'

// functional-1, its runner killed after each of these lines of the journal, then resumed: it must end as if nothing had been.

const root = join(import.meta.dir, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'assay-kill-'))
const images = join(scratch, 'images')
beforeAll(async () => {
  for (const { path, bytes } of await drawSamples())
    if (bytes.length < 200_000) await Bun.write(join(images, path), bytes)
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function repository(): string {
  const dir = mkdtempSync(join(scratch, 'repo-'))
  for (const name of ['lib', 'tasks', 'plans', 'node_modules', 'package.json'])
    Bun.spawnSync(['ln', '-s', join(root, name), join(dir, name)])
  return dir
}

function start(dir: string, ...flags: readonly string[]) {
  const words = ['plan', 'functional-1', '--dir', dir, '--set', `images=${images}`, ...flags]
  const env = { ...process.env, PATH: `${join(process.execPath, '..')}:/usr/bin:/bin` }
  return Bun.spawn([process.execPath, join(root, 'lib/cli/main.ts'), ...words], {
    cwd: dir,
    env,
    stdout: 'pipe',
    stderr: 'inherit',
  })
}

function journalOf(dir: string): string {
  const runs = join(dir, 'runs/functional-1')
  const [run] = existsSync(runs) ? readdirSync(runs).filter((name) => !name.startsWith('.')) : []
  const path = join(runs, run ?? '', 'journal.jsonl')
  return run !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : ''
}

test.each([1, 2, 4, 5, 6, 7, 9, 11, 13, 15])('killed after line %d', async (line) => {
  const dir = repository()
  const victim = start(dir)
  while (victim.exitCode === null && journalOf(dir).split('\n').length <= line) await Bun.sleep(2)
  victim.kill('SIGKILL')
  await victim.exited
  const before = journalOf(dir)
    .split('\n')
    .filter((text) => text.includes('"outcome":"passed"')).length
  const resumed = start(dir, '--resume')
  const [out, exit] = await Promise.all([new Response(resumed.stdout).text(), resumed.exited])
  expect(out).toMatch(/passed · 5 steps( \(\d reused\))?, 19 checks · /)
  expect(exit).toBe(0)
  // Checks are judged again; every other end that was recorded is used.
  const reused = out.split('\n').filter((text) => text.endsWith('reused')).length
  expect(reused).toBeGreaterThanOrEqual(before - 2)
})
