import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newestRun, passing, planText, removeRepositories, repository, sentenceOf } from './helpers.ts'

afterAll(removeRepositories)

function mountSmall(path: string): boolean {
  return Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]).exitCode === 0
}

/** A small disk needs root, mount(8) and a kernel that lets us. */
function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const place = mkdtempSync(join(tmpdir(), 'assay-mount-'))
  const mounted = mountSmall(place)
  if (mounted) Bun.spawnSync(['umount', place])
  rmSync(place, { recursive: true })
  return mounted
}

describe('a place that will not take the record', () => {
  test('a runs folder that is a file ends with 2 and one sentence', async () => {
    const repo = repository({ passes: planText('passes', passing) })
    repo.file('runs', 'in the way')
    const ran = await repo.run(['plan', 'passes'])
    expect(ran.exit).toBe(2)
    expect(sentenceOf(ran)).toContain(`'${repo.dir}/runs' must be a folder that can be written`)
  })

  test.skipIf(!canMount())(
    'a disk that is full while the journal is written ends the run with 2, and what was written stays',
    async () => {
      const body = `
      const first = plan.step({ name: 'first', output: v.string(), run: () => 'small' })
      plan.step({ name: 'second', needs: { first }, output: v.string(), run: () => 'x'.repeat(3e6) })`
      const repo = repository({ big: planText('big', body) })
      const disk = join(repo.dir, 'runs')
      mkdirSync(disk)
      mountSmall(disk)
      try {
        const { exit, out, err } = await repo.run(['plan', 'big'])
        expect(exit).toBe(2)
        expect(err).toContain('must be a folder that can be written: current value is ENOSPC')
        expect(err).toContain('Free some disk; what was recorded is kept')
        expect(err).not.toContain('Internal error')
        expect(out).toContain('first')
        const run = await newestRun(repo, 'big')
        const journal = repo.read(`${run}/journal.jsonl`)
        expect(journal).toEndWith('\n')
        for (const line of journal.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('event')
        expect(journal).toContain('"step":"first","duration"')
        // Once there is room, the run goes on with what it had.
        Bun.spawnSync(['mount', '-o', 'remount,size=32m', disk])
        const resumed = await repo.run(['plan', 'big', '--resume', '--explain'])
        expect([resumed.exit, resumed.err]).toEqual([0, ''])
        expect(resumed.out).toContain('it passed, and its inputs, parameters and code are unchanged')
      } finally {
        Bun.spawnSync(['umount', disk])
      }
    },
  )
})
