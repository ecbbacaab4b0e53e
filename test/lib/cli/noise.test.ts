import { afterAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprintOf, partsOf } from '../../../lib/machine/fingerprint.ts'
import { readNoise } from '../../../lib/machine/noise-floor.ts'
import { planText, removeRepositories, repository, sentenceOf } from './helpers.ts'

afterAll(removeRepositories)

const machine = fingerprintOf(partsOf())
const measuring = `
  const timed = plan.measure({ name: 'time', metrics: { time: lower('s') }, samples: 6, run: (_, { round }) => ({ time: quantity(1 + round / 1000, 's') }) })`

describe('noise', () => {
  test('is measured, shown, kept for this machine, and then known to doctor and to every run', async () => {
    const text = planText('p', measuring).replace('import { ', 'import { lower, quantity, ')
    const repo = repository({ p: text.replace("kind: 'smoke'", "kind: 'performance'") })
    expect((await repo.run(['doctor'])).out).toMatch(/noise floor +not measured +.*: bunx assay noise\n/)
    expect((await repo.run(['plan', 'p'])).out).toMatch(
      /could have seen: .* %; noise floor not measured: bunx assay noise\n/,
    )

    const { exit, out, err } = await repo.run(['noise', '--seconds', '1'], {
      env: { NVME_ROOT: join(repo.dir, 'nvme') },
    })
    expect(exit).toBe(0)
    expect(out).toMatch(/^.+, \d+ cores?, .* · fingerprint [0-9a-f]{12}\n/)
    expect(out).toMatch(/\n +median +unit +n +95 %\n/)
    for (const name of [
      'clock: one reading',
      'waking up',
      'runs/: fdatasync',
      'NVME_ROOT: writing 32 MiB',
      'memory: copying',
      'against itself',
    ])
      expect(out).toMatch(new RegExp(`\n[^\n]*${name}[^\n]* +[0-9.]+ +(ns|µs|ms|MB/s|GB/s|ratio) +\\d+ `))
    expect(out).toMatch(/\nn +change\n5 +[0-9.]+ %\n10 +[0-9.]+ %\n20 +[0-9.]+ %\n/)
    expect(out).toEndWith(`\nkept in .assay/noise/${machine}.json\n`)
    expect(err).toContain('measuring disk: NVME_ROOT\n')
    expect([readdirSync(join(repo.dir, 'runs')), readdirSync(join(repo.dir, 'nvme'))]).toEqual([['p'], []])

    const noise = readNoise(join(repo.dir, '.assay/noise'), machine)
    expect(noise?.detectable.map(({ n }) => n)).toContain(20)
    expect((await repo.run(['doctor'])).out).toMatch(
      /noise floor +[0-9.]+ % from \d+ pairs +measured \d{4}-\d\d-\d\d[;\n]/,
    )
    expect((await repo.run(['plan', 'p'])).out).toMatch(/could have seen: [0-9.]+ %\n/)
    const [started] = (await repo.run(['report', '--json'])).out.split('\n')
    expect(JSON.parse(started ?? '').environment).toMatchObject({ machine, detectable: noise?.detectable })
  })

  test('is one JSON line on stdout when asked, as it is kept', async () => {
    const repo = repository()
    const { exit, out } = await repo.run(['noise', '--json', '--seconds', '1'])
    expect([exit, out.split('\n').length]).toEqual([0, 2])
    expect(JSON.parse(out)).toEqual(readNoise(join(repo.dir, '.assay/noise'), machine))
  })

  test.each([
    [['--seconds', '0'], "'--seconds' must be a number from 1 to 3600: current value is 0"],
    [['--seconds', 'ten'], "'--seconds' must be a number from 1 to 3600: current value is ten"],
    [['--seconds='], "'--seconds' must be a number from 1 to 3600: current value is empty"],
    [['now'], "'arguments' must be none: current value is now"],
  ])('refuses %p', async (words, said) => {
    const ran = await repository().run(['noise', ...words])
    expect([ran.exit, sentenceOf(ran)]).toEqual([2, `Cannot measure the noise floor as ${said}`])
  })

  test('says which disk it cannot write to, and keeps nothing', async () => {
    const repo = repository()
    const NVME_ROOT = repo.file('nvme', 'a file')
    const ran = await repo.run(['noise', '--seconds', '1'], { env: { NVME_ROOT } })
    expect([ran.exit, ran.err.trimEnd().split('\n').at(-1)]).toEqual([
      2,
      `Cannot measure the disk as '${NVME_ROOT}' must be a folder that can be written: current value is EEXIST: file already exists, mkdir '${NVME_ROOT}'`,
    ])
    expect(readNoise(join(repo.dir, '.assay/noise'), machine)).toBeUndefined()
  })

  test('that cannot be read is a sentence with what to do; runs tell it once and go on without', async () => {
    const repo = repository({ p: planText('p', `plan.step({ name: 'one', output: v.number(), run: () => 1 })`) })
    repo.file(`.assay/noise/${machine}.json`, '{')
    const unreadable = /Cannot read the noise floor as .* Delete it, or measure it again\./g
    const asked = await repo.run(['doctor'])
    expect([asked.exit, sentenceOf(asked)]).toEqual([2, expect.stringMatching(unreadable)])
    const { exit, out } = await repo.run(['plan', 'p'])
    expect([exit, out.replace(/\s+/g, ' ').match(unreadable)?.length]).toEqual([0, 1])
    const [started] = (await repo.run(['report', '--json'])).out.split('\n')
    expect(JSON.parse(started ?? '').environment.detectable).toBeUndefined()
  })
})
