import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Problem } from '../../../lib/plan/problem.ts'
import { fileStore, writeWhole } from '../../../lib/record/files.ts'
import { storeSuite } from './store-suite.ts'

describe('runs as folders', () => storeSuite(fileStore))

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-files-'))

  test('a file is replaced whole and leaves nothing beside it', () => {
    const path = join(folder, 'a', 'results.csv')
    writeWhole(path, 'first, long')
    writeWhole(path, 'second')
    expect(readFileSync(path, 'utf8')).toBe('second')
    expect(readdirSync(join(folder, 'a'))).toEqual(['results.csv'])
  })

  test('a file that cannot be written leaves nothing', () => {
    mkdirSync(join(folder, 'b', 'taken'), { recursive: true })
    expect(() => writeWhole(join(folder, 'b', 'taken'), 'x')).toThrow()
    expect(readdirSync(join(folder, 'b'))).toEqual(['taken'])
  })

  test('a place that is a file is refused in a sentence', () => {
    const root = join(folder, 'file')
    writeFileSync(root, '')
    expect(() => fileStore(root).create('plan', 'run')).toThrow(Problem)
    expect(() => fileStore(root).create('plan', 'run')).toThrow(/^Cannot record the run as '.*' must be a folder/)
  })

  test('the lock of a process that was killed is free', async () => {
    const root = join(folder, 'runs')
    const taking = `
      import { fileStore } from ${JSON.stringify(join(import.meta.dir, '../../../lib/record/files.ts'))}
      const lock = fileStore(${JSON.stringify(root)}).lock('plan', { run: 'r', pid: process.pid, host: 'h', since: 's' })
      console.log(lock.kind)
      setInterval(() => {}, 1000)`
    const child = Bun.spawn([process.execPath, '-e', taking], { stdout: 'pipe' })
    const { value } = await child.stdout.getReader().read()
    expect(new TextDecoder().decode(value)).toBe('held\n')
    const holder = { run: 'mine', pid: process.pid, host: 'h', since: 's' }
    expect(fileStore(root).lock('plan', holder)).toMatchObject({ kind: 'busy', holder: { run: 'r', pid: child.pid } })
    child.kill('SIGKILL')
    await child.exited
    expect(fileStore(root).lock('plan', holder).kind).toBe('held')
  })

  test.skipIf(process.platform !== 'linux' || !canMount())(
    'a full disk refuses the line in a sentence and keeps those before it whole',
    () => {
      const small = join(folder, 'small')
      mkdirSync(small)
      Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small])
      try {
        const store = fileStore(small)
        const run = store.create('plan', 'run')
        const line = `${'x'.repeat(5000)}\n`
        let lines = 0
        const fill = () => {
          for (; lines < 1000; lines++) run.append(line)
        }
        expect(fill).toThrow(/^Cannot record the run as .*ENOSPC.*Free some disk; what was recorded is kept/)
        expect(store.read('plan', 'run')).toBe(line.repeat(lines))
        run.close()
      } finally {
        Bun.spawnSync(['umount', small])
      }
    },
  )

  test('cleans up after itself', () => {
    rmSync(folder, { recursive: true })
    expect(existsSync(folder)).toBe(false)
  })
})

/** Only root may mount; elsewhere the test is skipped for that reason. */
function canMount(): boolean {
  const able = process.getuid?.() === 0 && Bun.which('mount') !== null
  if (!able) console.warn('skipped: a full disk needs a file system of its own, which only root can mount')
  return able
}
