import { afterAll, describe, expect, test } from 'bun:test'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measured } from '../record/measured-journal.ts'
import { newestRun, passing, planText, type Repository, removeRepositories, repository } from './helpers.ts'
import { measuring, nights, samplesAround } from './nights.ts'

afterAll(removeRepositories)

const lines = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '))

/** Around a level of 1, and of 1.05 from the 18th night on. */
const moving = Array.from({ length: 30 }, (_, night) => (night < 17 ? 1 : 1.05) * (1 + 0.002 * ((night * 7) % 5)))

const withNights = (): { at: Repository; runs: readonly string[] } => {
  const at = repository({ perf: measuring, good: planText('good', passing) })
  return { at, runs: nights(at, 'perf', moving) }
}

describe('the history of metrics', () => {
  test('of a plan stands below its runs: the newest value, what it was before, and where it moved', async () => {
    const { at, runs } = withNights()
    await at.run(['baseline', 'set', runs[0] ?? ''])
    const { exit, out } = await at.run(['history', 'perf', '--last', '1'])
    expect([exit, lines(out)]).toEqual([
      0,
      [
        'plan started duration outcome exit run',
        `perf 2026-01-30 02:30:00 2.0 s passed 0 ${runs[29]}`,
        '',
        'metric newest interval n verdict × before × baseline trend',
        expect.stringMatching(/^measure: time 1\.056 s 1\.05–1\.063 11 recorded 1\.004 1\.056 [▁▂]{17}[▇█]{13}$/),
        `measure: time is worse since run ${runs[17]} (commit 171717171, 161616161 before it): 1.050 times what it was`,
        'More of one: bunx assay history perf --metric time',
      ],
    ])
  })

  test('of one metric is a table, a row of bars and where it moved', async () => {
    const { at, runs } = withNights()
    const { exit, out } = await at.run(['history', '--metric', 'time', '--last', '2'])
    expect([exit, lines(out)]).toEqual([
      0,
      [
        'perf, measure: time, in s, less is better',
        'started value interval n verdict × before × baseline commit run',
        expect.stringMatching(/^2026-01-29 02:30:00 1\.052 1\.\d+–1\.\d+ 11 recorded 0\.994 282828282 2/),
        expect.stringMatching(/^2026-01-30 02:30:00 1\.056 1\.\d+–1\.\d+ 11 recorded 1\.004 292929292 2/),
        expect.stringMatching(/^[▁-█]{30} 1–1\.058 s, 30 runs$/),
        `worse since run ${runs[17]} (commit 171717171, 161616161 before it): 1.050 times what it was`,
      ],
    ])
    const points = (await at.run(['history', 'perf', '--metric', 'time', '--json'])).out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(points).toHaveLength(30)
    expect(points[17]).toEqual({
      ...{ plan: 'perf', step: 'measure', metric: 'time', unit: 's', better: 'lower' },
      ...{ run: runs[17], at: '2026-01-18T02:30:00.000Z', commit: '17'.repeat(20), machine: 'm1' },
      ...{ value: expect.closeTo(1.0584, 9), low: expect.any(Number), high: expect.any(Number), n: 11 },
      ...{ verdict: 'recorded', before: expect.closeTo(1.0584 / 1.004, 9), moved: expect.closeTo(1.052, 2) },
    })
    expect(points.filter(({ moved }) => moved !== undefined)).toHaveLength(1)
  })

  test('keeps machines and parameters apart, and says what it leaves out', async () => {
    const { at } = withNights()
    nights(at, 'perf', [7], { machine: 'm2' })
    nights(
      at,
      'perf',
      [7, 8].map((level) => level),
      { machine: 'm2' },
    )
    at.file(
      'runs/perf/20260102-023000-2222/journal.jsonl',
      at
        .read('runs/perf/20260102-023000-2222/journal.jsonl')
        .replaceAll('"m2"', '"m1"')
        .replace('"params":{}', '"params":{"size":"1"}'),
    )
    const own = lines((await at.run(['history', 'perf', '--metric', 'time', '--last', '50'])).out)
    expect([own.length, own.at(-1)]).toEqual([
      2 + 28 + 2 + 2,
      'Left out: 1 run on other machines (--across has them), 1 run with other parameters',
    ])
    const across = lines((await at.run(['history', 'perf', '--metric', 'time', '--last', '50', '--across'])).out)
    // Without where it moved: the level of another machine is no change of this one's.
    expect([across.length, across.at(-1)]).toEqual([2 + 29 + 1 + 2, 'Left out: 1 run with other parameters'])
    expect(across[2]).toMatch(/^2026-01-01 02:30:00 7 /)
  })

  test('has every variant of a metric, and quotes a name that a shell would read otherwise', async () => {
    const at = repository({ perf: measuring })
    const metrics = ['rate[1]', 'rate[2]', 'rated'].map((name, i) => measured(name, samplesAround(i + 1)))
    nights(at, 'perf', [1, 1], { metrics })
    const headings = (out: string) => lines(out).filter((line) => line.startsWith('perf, '))
    expect(headings((await at.run(['history', '--metric', 'rate'])).out)).toEqual([
      'perf, measure: rate[1], in s, less is better',
      'perf, measure: rate[2], in s, less is better',
    ])
    expect(headings((await at.run(['history', '--metric', 'rate[2]'])).out)).toHaveLength(1)
    expect((await at.run(['history', 'perf'])).out).toEndWith("bunx assay history perf --metric 'rate[1]'\n")
  })

  test.each([
    [
      ['--metric', 'tiem'],
      "Cannot show the history as '--metric' must be one that was measured: current value is tiem. Did you mean 'time'?",
    ],
    [
      ['good', '--metric', 'time'],
      "Cannot show the history as '--metric' must be one that was measured: current value is time. None was measured yet.",
    ],
    [
      ['--across'],
      "Cannot show the history as '--across' must be given with a PLAN or --metric: current value is given without",
    ],
  ])('%p is refused in a sentence', async (words, sentence) => {
    const ran = await withNights().at.run(['history', ...words])
    expect([ran.exit, ran.err.trimEnd().split('\n').at(-1)]).toEqual([2, expect.stringContaining(sentence)])
  })

  test('is the same from an index that was deleted or damaged, which is told', async () => {
    const { at } = withNights()
    const before = await at.run(['history', 'perf'])
    for (const [damage, why] of [
      [() => rmSync(join(at.dir, '.assay'), { recursive: true }), 'it was not there'],
      [() => writeFileSync(join(at.dir, '.assay/history.sqlite'), 'x'.repeat(9000)), 'file is not a database'],
    ] as const) {
      damage()
      const { out, err } = await at.run(['history', 'perf'])
      expect([out, err]).toEqual([
        before.out,
        expect.stringMatching(
          new RegExp(`^The index of runs was made anew, as ${why}: 30 journals were read in \\d+\\.\\d s\n$`),
        ),
      ])
    }
    expect((await at.run(['history', 'perf'])).err).toBe('')
  })

  test('is told after the run with which it can first be seen that a metric moved, and not again', async () => {
    const at = repository({ perf: measuring })
    at.file('level', '1.05')
    const moved = ({ out }: { out: string }) => out.split('\n').filter((line) => line.includes('moved:'))
    await at.run(['plan', 'perf'])
    const machine = at.read(`${await newestRun(at, 'perf')}/journal.jsonl`).match(/"machine":"(\w+)"/)?.[1]
    rmSync(join(at.dir, await newestRun(at, 'perf')), { recursive: true })
    // Ten nights before on the same machine, the last three at its level: too few to tell.
    const levels = moving.slice(0, 7).concat(moving.slice(17, 20))
    const runs = nights(at, 'perf', levels, { machine, params: { size: '720p' } })
    const told: string[] = []
    for (let night = 0; night < 7; night++) told.push(...moved(await at.run(['plan', 'perf'])))
    expect(told).toEqual([
      expect.stringMatching(
        new RegExp(
          `^  moved: measure: time is worse since run ${runs[7]} \\(commit 070707070, 060606060 before it\\): 1\\.0[45]\\d times what it was$`,
        ),
      ),
    ])
  })
})
