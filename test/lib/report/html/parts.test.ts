import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { axisOf, familiesOf, thinned } from '../../../../lib/report/html/families.ts'
import { logTails } from '../../../../lib/report/html/log-tails.ts'
import { address, html } from '../../../../lib/report/html/markup.ts'
import { shownWith } from '../../../../lib/report/html/number.ts'
import { loadPlots } from '../../../../lib/report/html/plots.ts'
import { repeatsOf } from '../../../../lib/report/html/repeats.ts'
import { scheduleOf, ticks } from '../../../../lib/report/html/schedule.ts'
import { nasty, recorded, runEnded, started, stepEnded, stepStarted } from '../events.ts'

const zero = Date.parse('2026-11-21T07:16:02.000Z')
const at = (seconds: number) => new Date(zero + seconds * 1000).toISOString()

function heading(nodes: readonly (readonly [name: string, ...needs: string[]])[]) {
  return started([], { nodes: nodes.map(([name, ...needs]) => ({ name, kind: 'step' as const, needs })) })
}

describe('the schedule of a run', () => {
  const ran = (name: string, start: number, duration: number) =>
    stepEnded(name, 'passed', { started: at(start), duration })

  test('finds the steps that its end waited for', () => {
    const nodes = heading([['a'], ['b', 'a'], ['slow', 'a'], ['c', 'b', 'slow'], ['alone'], ['beside', 'b']])
    const ends = [
      ran('a', 0, 1),
      ran('b', 1, 1),
      ran('slow', 1, 5),
      ran('c', 6, 2),
      ran('alone', 0, 3),
      ran('beside', 2, 1),
    ]
    const { longest, span } = scheduleOf(recorded(nodes, ...ends, runEnded('passed')))
    expect(longest.map(({ name }) => name)).toEqual(['a', 'slow', 'c'])
    expect(span).toBe(8)
  })

  test('shows when each began, a service too, and nothing of what did not run', () => {
    const nodes = started([], {
      nodes: [
        { name: 'store', kind: 'service', needs: [] },
        { name: 'a', kind: 'step', needs: ['store'] },
        { name: 'b', kind: 'step', needs: ['a'] },
        { name: 'c', kind: 'step', needs: ['b'] },
      ],
    })
    const service = (state: 'starting' | 'ready' | 'stopped', seconds: number) => ({
      event: 'service' as const,
      at: at(seconds),
      name: 'store',
      state,
    })
    const events = [
      service('starting', 0.5),
      service('ready', 1),
      ran('a', 1, 2),
      stepEnded('b', 'failed', { started: at(3), duration: 1 }),
      stepEnded('c', 'skipped'),
      service('stopped', 5),
    ]
    const { rows } = scheduleOf(recorded(nodes, ...events, runEnded('failed', { duration: 5 })))
    expect(rows.map(({ name, outcome, bar }) => [name, outcome, bar])).toEqual([
      ['store', 'passed', { start: 0.5, duration: 4.5 }],
      ['a', 'passed', { start: 1, duration: 2 }],
      ['b', 'failed', { start: 3, duration: 1 }],
      ['c', 'skipped', undefined],
    ])
  })

  test('has no bar for a reused step, and none before the beginning where the clock was set back', () => {
    const reused = stepEnded('a', 'passed', { started: at(-500), duration: 9, attempts: 0, reused: true })
    const { rows, span } = scheduleOf(
      recorded(heading([['a'], ['b', 'a']]), reused, ran('b', -3600, 2), runEnded('passed', { duration: 2 })),
    )
    expect(rows.map(({ reused, bar }) => [reused, bar])).toEqual([
      [true, undefined],
      [false, { start: 0, duration: 2 }],
    ])
    expect(span).toBe(2)
  })

  test('ends also where a damaged journal tells of a circle', () => {
    const { longest } = scheduleOf(
      recorded(
        heading([
          ['a', 'b'],
          ['b', 'a'],
        ]),
        ran('a', 0, 1),
        ran('b', 1, 1),
      ),
    )
    expect(longest.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  test('has a handful of times to mark, evenly, none beyond its end', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e7, noNaN: true }), (span) => {
        const marks = ticks(span)
        expect(marks.length).toBeGreaterThanOrEqual(1)
        expect(marks.length).toBeLessThanOrEqual(9)
        expect(marks[0]).toBe(0)
        expect(marks.at(-1)).toBeLessThanOrEqual(span)
      }),
    )
    expect(ticks(28)).toEqual([0, 5, 10, 15, 20, 25])
    expect(ticks(3700)).toEqual([0, 600, 1200, 1800, 2400, 3000, 3600])
  })
})

describe('the end of each log', () => {
  const all = () => 1000

  test('is told apart by step, also where a name holds the separator and a line goes on', () => {
    const text = 'a │ one\nb │ two\na │ b │ three\nmore of it\na │ four │ five\n'
    const tails = logTails(text, new Set(['a', 'b', 'a │ b']), all, true)
    expect(Object.fromEntries([...tails].map(([name, { lines }]) => [name, lines]))).toEqual({
      a: ['one', 'four │ five'],
      b: ['two'],
      'a │ b': ['three', 'more of it'],
    })
  })

  test('has the last lines that fit, one at least, and says how many there were before', () => {
    const text = Array.from({ length: 100 }, (_, i) => `a │ line ${i}\n`).join('')
    expect(logTails(text, new Set(['a']), () => 17, true).get('a')).toEqual({
      lines: ['line 98', 'line 99'],
      before: 98,
    })
    expect(logTails(text, new Set(['a']), () => 0, true).get('a')).toEqual({ lines: ['line 99'], before: 99 })
  })

  test('leaves out the half of a line that a cut log begins with, and what a terminal would act on', () => {
    const text = 'lf a line\na │ \u001b[31mred\u001b[0m\r 55%\n'
    expect(logTails(text, new Set(['a']), all, false).get('a')?.lines).toEqual([' 55%'])
  })
})

describe('numbers', () => {
  test.each([
    [41.2718, 40.13, 42.66, '41.3', '40.1', '42.7'],
    [3.19881, 3.19312, 3.2037, '3.1988', '3.1931', '3.2037'],
    [1234.5, 1100, 1400, '1235', '1100', '1400'],
    [5.178, -13.9, 24.2, '5.18', '-13.90', '24.20'],
    [0, -1, 1, '0.0', '-1.0', '1.0'],
    [5, 5, 5, '5', '5', '5'],
    [2e12, 1e12, 3e12, '2000000000000', '1000000000000', '3000000000000'],
  ])('%p between %p and %p is shown to as many digits as its interval carries', (value, low, high, ...shown) => {
    expect(Object.values(shownWith(value, low, high))).toEqual(shown)
  })

  test('thinned samples stay in order, with the least and the greatest', () => {
    const samples = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 500 })
    fc.assert(
      fc.property(samples, fc.integer({ min: 2, max: 60 }), (samples, most) => {
        const few = thinned(samples, most)
        expect(few.length).toBeLessThanOrEqual(Math.max(most, 2))
        expect(few.length).toBeGreaterThanOrEqual(Math.min(samples.length, 1))
        expect([Math.min(...few), Math.max(...few)]).toEqual([Math.min(...samples), Math.max(...samples)])
        let from = 0
        for (const x of few) from = samples.indexOf(x, from) + 1
        expect(from).toBeGreaterThan(0)
      }),
    )
  })

  test('variants of a metric share an axis, and a far reference does not squeeze the samples', () => {
    const one = { unit: 's', better: 'lower', verdict: 'recorded' } as const
    const metrics = [
      { ...one, name: 'time[1]', variant: '1', samples: [1, 2] },
      { ...one, name: 'time[5]', variant: '5', samples: [5, 6], high: 7 },
      { ...one, name: 'time', samples: [1, 2], high: 1000 },
      { ...one, name: 'none', samples: [] },
    ]
    const families = familiesOf(metrics.map((metric) => ({ ...metric, samples: [...metric.samples] })))
    // `time` of no variant is of the same name and unit, and so of the same family.
    expect(families.map(({ name, members }) => [name, members.length])).toEqual([
      ['time', 3],
      ['none', 1],
    ])
    expect(families[0]?.domain?.high).toBeWithin(7, 8)
    expect(families[1]?.domain).toBeUndefined()
    expect(axisOf([3, 3, 3], [])).toEqual({ low: expect.closeTo(3, 1), high: expect.closeTo(3, 1) })
  })
})

describe('a plot', () => {
  test.each([
    [2e-9, '2e-9'],
    [0.0125, '0.0125'],
    [41.25, '41.25'],
    [3e12, '3000000000000'],
  ])('of numbers about %p marks its axis with numbers that differ, and has a dot a sample', async (middle, shown) => {
    const plots = await loadPlots()
    const samples = [middle * 0.9, middle, middle * 1.1]
    const domain = { low: middle * 0.9, high: middle * 1.1 }
    const { markup } = plots.strip({
      samples,
      value: middle,
      interval: domain,
      references: [middle],
      domain,
      axis: true,
    })
    const labels = [...markup.matchAll(/<text[^>]*>([^<]*)</g)].map(([, label = '']) => label)
    expect(labels.length).toBeGreaterThan(1)
    expect(labels).toEqual([...new Set(labels)])
    expect(labels.map(Number)).toEqual(labels.map(Number).toSorted((a, b) => a - b))
    expect(shownWith(middle, middle, middle).value).toBe(shown)
    expect(markup.match(/M[\d.]+,([\d.]+)L[\d.]+,\1/g)).toHaveLength(3)
    // Half a pixel less or more is nothing that anybody sees.
    expect(markup).not.toMatch(/ d="[^"]*\.\d\d/)
  })

  test('of a history marks where it moved, and its baseline', async () => {
    const plots = await loadPlots()
    const history = [5, 5, 9].map((value, i) => ({
      run: `${i}`,
      at: '',
      value,
      low: value - 1,
      high: value + 1,
      n: 9,
      verdict: 'pass' as const,
    }))
    const { markup } = plots.trend({ history, moves: [2], band: { low: 4, high: 6 }, references: [7, 7e6] })
    for (const [part, count] of [
      ['<circle', 1],
      ['L', 5],
      ['<rect', 1],
      ['var(--open)', 1],
    ] as const)
      expect(markup.split(part)).toHaveLength(count + 1)
  })
})

describe('markup', () => {
  test('escapes text and the values of attributes, and leaves pieces as they are', () => {
    const hostile = `<b title="x">'&'</b>`
    expect(
      html`<p title="${hostile}">${hostile}${html`<i>${1}</i>`}${undefined}${[html`a`, html`<br>`]}</p>`.markup,
    ).toBe(
      '<p title="&lt;b title=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;">&lt;b title=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;<i>1</i>a<br></p>',
    )
  })

  test('an address leads to exactly that file, whatever its name', () => {
    fc.assert(
      fc.property(nasty, (name) => {
        const path = `${name.replaceAll(/[/\0]/g, '').toWellFormed()}x`
        const { pathname, host, protocol } = new URL(address('../a/', `steps/${path}`), 'file:///runs/b/page.html')
        expect([protocol, host, decodeURIComponent(pathname)]).toEqual(['file:', '', `/runs/a/steps/${path}`])
      }),
    )
    expect(address('', 'javascript:alert(1)')).toBe('javascript%3Aalert(1)')
  })
})

test('why attempts did not pass is told of the newest sitting', () => {
  const again = stepStarted('a', { attempt: 2, because: 'the first reason' })
  const nodes = heading([['a']])
  expect(repeatsOf([nodes, stepStarted('a'), again, stepStarted('a', { attempt: 3, because: 'the second' })])).toEqual(
    new Map([['a', ['the first reason', 'the second']]]),
  )
  const { schema: _, ...resumed } = nodes
  expect(repeatsOf([nodes, again, { ...resumed, event: 'run-resumed' }, stepStarted('a')])).toEqual(new Map())
})

test('an axis can be divided, however small its numbers are', async () => {
  const { strip } = await loadPlots()
  for (const x of [-7.41e-321, 5e-324, 1e-310, 1e-292, 0, 1e-280, 1e300]) {
    const domain = axisOf([x], [])
    if (domain === undefined) throw new Error(`no axis for ${x}`)
    expect(domain.high).toBeGreaterThan(domain.low)
    strip({ samples: [x], value: x, interval: undefined, references: [], domain, axis: true })
  }
})
