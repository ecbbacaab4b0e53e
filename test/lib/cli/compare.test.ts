import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { measured } from '../record/measured-journal.ts'
import { removeRepositories, repository, sentenceOf } from './helpers.ts'
import { measuring, nights, samplesAround } from './nights.ts'

afterAll(removeRepositories)

const squeezed = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '))

describe('compare', () => {
  test('prints the ratio of each metric with its interval and verdict, and exits with 1 where one fails', async () => {
    const at = repository({ perf: measuring })
    const [first = '', second = ''] = nights(at, 'perf', [1, 1.1])
    const { exit, out } = await at.run(['compare', first, second])
    expect([exit, squeezed(out)]).toEqual([
      1,
      [
        `first perf/${first}, 2026-01-01 02:30:00, commit 000000000, on m1`,
        `second perf/${second}, 2026-01-02 02:30:00, commit 010101010, on m1`,
        '',
        'metric unit better first second n ratio interval verdict',
        expect.stringMatching(/^measure: time s less 1 1\.1 11, 11 1\.100 1\.0\d*–1\.1\d* fail$/),
        '1 metric: 0 pass, 1 fail, 0 undecided',
      ],
    ])
    // The other way round it is better, by as much as it was worse.
    const back = await at.run(['compare', second, join('runs/perf', first), '--json'])
    expect([back.exit, JSON.parse(back.out)]).toMatchObject([
      0,
      {
        from: `perf/${second}`,
        to: `perf/${first}`,
        metric: 'time',
        ratio: { value: expect.closeTo(1 / 1.1, 9) },
        verdict: 'pass',
      },
    ])
    // As it names them itself.
    expect((await at.run(['compare', `perf/${first}`, `perf/${second}`, '--factor', '1.2'])).exit).toBe(0)
  })

  test('says what samples do not tell, where more is better, what one alone has, and which parameters differ', async () => {
    const at = repository({ perf: measuring })
    const rate = (level: number) => ({
      ...measured('rate', samplesAround(level)),
      unit: 'img/s',
      better: 'higher' as const,
    })
    const [first = ''] = nights(at, 'perf', [1], {
      metrics: [rate(40), measured('time', samplesAround(1)), measured('old', [1])],
      params: { size: '720p' },
    })
    const metrics = [
      rate(36),
      measured('time', samplesAround(1.0001)),
      measured('delta', [-1, 1]),
      measured('old', [0]),
    ]
    const [, second = ''] = nights(at, 'perf', [1, 1], { metrics })
    nights(at, 'perf', [1], {
      metrics: [rate(40), measured('time', samplesAround(1)), measured('old', [1])],
      params: { size: '720p' },
    })
    const { exit, out } = await at.run(['compare', first, second])
    expect([exit, squeezed(out).slice(4)]).toEqual([
      1,
      [
        expect.stringMatching(/^measure: rate img\/s more 40 36 11, 11 0\.900 \S+ fail$/),
        expect.stringMatching(/^measure: time s less 1 1 11, 11 1\.000 \S+ undecided: .* would.* tell$/),
        'measure: old s less 1 0 1, 1 undecided: a ratio needs samples above zero',
        'only in the second: measure: delta',
        'other parameters: size is 720p, then not given',
        '3 metrics: 0 pass, 1 fail, 2 undecided',
      ],
    ])
  })

  test('says once why several are undecided, and of which intervals verdicts are made', async () => {
    const at = repository({ perf: measuring })
    const metrics = (level: number) =>
      ['a', 'b', 'c', 'd'].map((name) => measured(name, samplesAround(name === 'd' ? level : 1).slice(0, 6)))
    const [first = ''] = nights(at, 'perf', [1], { metrics: metrics(1) })
    const [, second = ''] = nights(at, 'perf', [1, 1], { metrics: metrics(1.013) })
    nights(at, 'perf', [1], { metrics: metrics(1) })
    const { exit, out } = await at.run(['compare', first, second])
    expect([exit, squeezed(out).slice(4)]).toEqual([
      0,
      [
        expect.stringMatching(/^measure: a .* undecided$/),
        expect.stringMatching(/^measure: b .* undecided$/),
        expect.stringMatching(/^measure: c .* undecided$/),
        expect.stringMatching(/^measure: d s less .* 1\.0\d*–1\.0\d* undecided$/),
        'undecided, 4 metrics: more samples of the second alone would not tell',
        'the intervals hold the ratio at 95 %, of 4 metrics a verdict asks for 99.75 %',
        '4 metrics: 0 pass, 0 fail, 4 undecided',
      ],
    ])
  })

  test('holds one run alone against its baseline', async () => {
    const at = repository({ perf: measuring })
    const [first = '', second = ''] = nights(at, 'perf', [1, 1.1])
    const none = await at.run(['compare', second])
    expect(sentenceOf(none)).toMatch(
      /^Cannot compare as 'RUN' must be of a plan with a baseline of its machine and parameters, or one of two runs: /,
    )
    await at.run(['baseline', 'set', first])
    const { exit, out } = await at.run(['compare', second])
    expect([exit, squeezed(out)[0]]).toEqual([1, `first perf/${first}, 2026-01-01 02:30:00, commit 000000000, on m1`])
  })

  test('compares machines only when asked to', async () => {
    const at = repository({ perf: measuring })
    const [first = ''] = nights(at, 'perf', [1])
    const [, second = '', unknown = ''] = nights(at, 'perf', [1, 1, 1], { machine: undefined })
    nights(at, 'perf', [1])
    for (const [a, b, said] of [
      [first, second, `perf/${first} of m1, perf/${second} of an unknown machine`],
      [second, unknown, `perf/${second} of an unknown machine, perf/${unknown} of an unknown machine`],
    ] as const) {
      const refused = await at.run(['compare', a, b])
      expect([refused.exit, sentenceOf(refused)]).toEqual([
        2,
        `Cannot compare as 'machine' must be the same for both: current value is ${said}. Machines differ in more than what was changed: --across compares them all the same.`,
      ])
      const across = await at.run(['compare', a, b, '--across'])
      expect([across.exit, across.out]).toEqual([0, expect.stringContaining('on an unknown machine')])
    }
  })

  test.each([
    [[], "Cannot compare as 'RUN RUN' must be one run or two: current value is none"],
    [['a', 'b', 'c'], "Cannot compare as 'RUN RUN' must be one run or two: current value is a b c"],
    [['2026', '2026'], /^Cannot find a run as 'RUN' must be the beginning of one run/],
    [
      ['20260101', '20260102', '--factor', '0.5'],
      "Cannot compare as '--factor' must be a number from 1: current value is 0.5",
    ],
    [['20260101', '20260103'], /^Cannot compare as 'RUN RUN' must be two that measured the same: /],
  ])('%p is refused in a sentence', async (words, sentence) => {
    const at = repository({ perf: measuring })
    nights(at, 'perf', [1, 1, 1], { metrics: [] })
    nights(at, 'perf', [1, 1])
    const ran = await at.run(['compare', ...words])
    expect([ran.exit, sentenceOf(ran)]).toEqual([2, expect.stringMatching(sentence)])
  })
})
