import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import type { RunEvent } from '../../../../lib/record/event.ts'
import { readJournal } from '../../../../lib/record/journal.ts'
import { htmlPage } from '../../../../lib/report/html/page.ts'
import { repeatsOf } from '../../../../lib/report/html/repeats.ts'
import { oneLine } from '../../../../lib/report/text.ts'
import { anyJournal, nasty, recorded, runEnded, started, stepEnded, stepStarted } from '../events.ts'
import { readHtml } from './read.ts'
import { showcaseInput } from './showcase.ts'

const nothing = { folder: '', files: new Set<string>(), logs: new Map(), artifacts: new Map() }

function pageOf(events: readonly RunEvent[], beside: Parameters<typeof htmlPage>[0]['beside'] = nothing) {
  return htmlPage({ record: recorded(...events), repeats: repeatsOf(events), beside })
}

describe('the page of a run', () => {
  test.each([
    [
      'the verdict',
      'failed 5 steps (1 errored, 1 skipped), 4 checks (1 failed, 1 undecided), 1 measure (1 failed, 1 undecided) · 28 s',
    ],
    ['how to run it again, and go on', 'bun run plan performance-2 --set images=40 --resume'],
    ['what a check expected and found', 'objects174{"found":171,"missing"'],
    ['a metric with its interval and n', 'img/s43.39 – 44.502'],
    ['what its value is', '99th percentile'],
    ['what it was held against', '≤ 1.2 × baseline 3.1 s'],
    ['the ratio that was found', 'is 1.030 × (1.010 – 1.050)'],
    ['why it is undecided, and what would have decided it', 'About 140 samples would have decided it.'],
    ['what speaks against believing it', 'bimodal: the samples gather at 3.1 and at 3.3 s'],
    ['what the machine did', 'load: other programs used 0.8 of 2 cores'],
    ['how samples were taken', '24 rounds, until the budget was spent · 3 rounds of warm-up (the last three differ'],
    ['that samples were left out of a plot', '200 of 600 samples are drawn.'],
    ['the noise floor', 'noise floor1.8 % with 20 samples'],
    [
      'the smallest change to be seen',
      'Smallest change this run could have seen: 0.6 % (total time) to 2.8 % (rate[3])',
    ],
    ['the history and its baseline', '30 runs, 2026-10-23 to 2026-11-21'],
    ['where the history moved', 'at run run-21, commit abc123def'],
    [
      'what the machine did, first of all',
      'stage 2 with 1, 2, 3 and 5 variants: meanwhile, on this machine: other programs',
    ],
    ['that a retry hid something', 'upload sample images: passed at attempt 2'],
    ['how often a service was asked again', 'object store: 7 requests to it had to be repeated'],
    ['what a retry hid', 'attempt 1 did not pass: the store answered 503 SlowDown'],
    ['what was announced', '3 requests to the object store were repeated'],
    ['the end of a long log', '1204 lines before these: log.txt'],
    ['what a step left', 'a b#1.png'],
    ['what did not fit', '… and 17 more in steps/01-upload'],
    ['why a step was skipped', 'skipped because stage 2 wrote every size'],
    ['the longest chain', 'The last step ended after 28 s of work in a row'],
  ])('tells %s in text', async (_, words) => {
    expect(readHtml(await htmlPage(showcaseInput())).text).toContain(words)
  })

  test.each([
    [1.1, '≥ 1/1.1 × baseline 40'],
    [1, '≥ 1 × baseline 40'],
  ])('tells the least of a baseline by the factor %p that the plan gives', async (factor, words) => {
    const against = { kind: 'baseline', name: '20261120-071602-ab12', value: 40, low: 1 / factor } as const
    const rate = { name: 'rate', unit: 'img/s', better: 'higher', verdict: 'pass' } as const
    const ended = stepEnded('m', 'passed', { metrics: [{ ...rate, samples: [40, 41], against }] })
    expect(readHtml(await pageOf([started([['measure', 'm']]), ended, runEnded('passed')])).text).toContain(words)
  })

  test('has the verdict before all else, and what went wrong before what went well', async () => {
    const { text } = readHtml(await htmlPage(showcaseInput()))
    const order = [
      'Stage 2 with 1 to 5',
      'failed 5 steps',
      'What went wrong',
      'What to know',
      'Measures',
      'Timeline',
      'Steps and checks',
      'Where it ran',
    ]
    const places = order.map((words) => text.lastIndexOf(words))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(places).not.toContain(-1)
  })

  test('links to the files of the run alone, and to what is on it', async () => {
    const { links, ids } = readHtml(await htmlPage(showcaseInput()))
    const [inside, outside] = [
      links.filter((link) => link.startsWith('#')),
      links.filter((link) => !link.startsWith('#')),
    ]
    expect(new Set(outside)).toEqual(
      new Set(
        [
          'results.csv',
          'junit.xml',
          'journal.jsonl',
          'log.txt',
          'steps/01-upload',
          'steps/01-upload/a%20b%231.png',
          'steps/05-stage-2/samples.csv',
        ].map((path) => `../performance-2/run/${path}`),
      ),
    )
    for (const link of inside) expect(ids).toContain(link.slice(1))
    expect(ids.length).toBe(new Set(ids).size)
  })

  test('needs nothing from anywhere and says itself that nothing may run on it', async () => {
    const page = await htmlPage(showcaseInput())
    const { tags } = readHtml(page)
    for (const tag of ['script', 'img', 'link', 'iframe', 'object', 'image', 'use', 'foreignobject'])
      expect(tags).not.toContain(tag)
    expect(page).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"`,
    )
    expect(page).not.toMatch(/https?:|@import|url\(/)
  })

  test('names a file that is not there without a link', async () => {
    const input = showcaseInput()
    const page = readHtml(await htmlPage({ ...input, beside: { ...input.beside, files: new Set() } }))
    expect(page.links.filter((link) => !link.startsWith('#'))).toEqual([])
    expect(page.text).toContain('Every sample: steps/05-stage-2/samples.csv')
  })

  test('tells of a run that goes on or died', async () => {
    const { text } = readHtml(
      await pageOf([
        started([
          ['step', 'a'],
          ['step', 'b'],
        ]),
        stepStarted('a'),
      ]),
    )
    expect(text).toContain('unfinished 2 steps (1 skipped, 1 aborted)')
    expect(text).toContain('a: the run stopped before it ended')
  })

  test('is made from a journal of an older Assay, whose metrics are samples alone', async () => {
    const metrics = [
      { name: 'rate', unit: 'img/s', better: 'higher', samples: [2, 3, 4, 5, 6, 7, 8], verdict: 'recorded' },
    ] as const
    const events = [
      started([['measure', 'speed']]),
      stepEnded('speed', 'passed', { metrics: metrics.map((one) => ({ ...one, samples: [...one.samples] })) }),
      runEnded('passed'),
    ]
    const { text, tags } = readHtml(await pageOf(events))
    expect(text).toContain('5.00 img/s2.73 – 7.27')
    expect(tags).toContain('path')
  })
})

const journals = join(import.meta.dir, '../../../fixtures/journals')

test.each(readdirSync(journals))('a page is made from %s', async (name) => {
  const { text } = readHtml(await pageOf(readJournal(readFileSync(join(journals, name), 'utf8'), name)))
  expect(text).toContain('Steps and checks')
})

const known = new Set(
  'html head meta nav title style body header main section article h1 h2 h3 h4 p strong small span time a ul ol li dl div dt dd code pre table thead tbody tr th td details summary figure figcaption i svg g path line circle rect text'.split(
    ' ',
  ),
)
const safe = /^(?:#(?:step-\d+|measures|timeline|steps|where)|(?:[A-Za-z0-9._~!()*'-]|%[0-9A-F]{2}|\/)+)$/

const hostile = fc.oneof(
  nasty,
  fc.constantFrom(
    '</script><img src=x onerror=alert(1)>',
    '"><svg onload=x>',
    "' style='x",
    '</pre></details>',
    '<!--',
    ']]>',
    '&lt;b&gt;',
    'javascript:alert(1)',
    '../../etc',
    '\u202eabc',
  ),
)

describe('whatever names and texts hold', () => {
  test('a page has the elements that we wrote and no other', async () => {
    await fc.assert(
      fc.asyncProperty(anyJournal, hostile, hostile, hostile, async (journal, name, line, file) => {
        const [heading, ...rest] = journal
        if (heading?.event !== 'run-started') throw new Error('no heading')
        const nodes = [
          ...heading.nodes.filter((node) => node.name !== name),
          { name, kind: 'step' as const, needs: [] },
        ]
        const events = [
          { ...heading, nodes, title: line, again: name },
          ...rest,
          stepEnded(name, 'errored', { reason: line, output: { [line]: name } }),
        ]
        const path = `steps/${file.replaceAll('/', '')}x`
        const page = readHtml(
          await pageOf(events, {
            folder: '../',
            files: new Set(['log.txt', path]),
            logs: new Map([[name, { lines: [line], before: 3 }]]),
            artifacts: new Map([[name, { folder: 'steps', first: [{ path, bytes: 1 }], count: 2 }]]),
          }),
        )
        for (const tag of page.tags) expect(known).toContain(tag)
        for (const attribute of page.attributes) expect(attribute).not.toMatch(/^on|src/)
        for (const link of page.links) expect(link).toMatch(safe)
        const shown = oneLine(name).replace(/[\p{Bidi_Control}\ufeff]|(?![\n\t])\p{Cc}/gu, '\ufffd')
        expect(page.text).toContain(shown.toWellFormed())
      }),
      { numRuns: 60 },
    )
  })
})

describe('a run of 200 steps', () => {
  test('is a page of less than a megabyte, whatever it logged and left', async () => {
    const names = Array.from({ length: 200 }, (_, i) => `step ${i}: normalise the images of shard ${i} to every size`)
    const nodes = names.map((name, i) => [i % 10 === 0 ? 'measure' : i % 4 === 0 ? 'check' : 'step', name] as const)
    const samples = Array.from({ length: 1000 }, (_, i) => 10 + Math.sin(i * 12.9898) * 3)
    const ended = nodes.map(([kind, name]) =>
      stepEnded(name, 'passed', {
        duration: 3,
        ...(kind === 'measure' && {
          metrics: ['a', 'b', 'c'].map((name) => ({
            name,
            unit: 's',
            better: 'lower' as const,
            samples,
            low: 5,
            verdict: 'pass' as const,
          })),
        }),
        ...(kind === 'check' && {
          findings: Array.from({ length: 5 }, (_, i) => ({
            name: `finding ${i}`,
            verdict: 'pass' as const,
            expected: 57,
            actual: 57,
          })),
        }),
        ...(kind === 'step' && { output: { keys: Array.from({ length: 500 }, (_, i) => `raw/${i}.png`) } }),
      }),
    )
    const logs = new Map(names.map((name) => [name, { lines: ['x'.repeat(500)], before: 10_000 }]))
    const first = Array.from({ length: 20 }, (_, i) => ({
      path: `steps/01-some-step-with-a-name/file-${i}.png`,
      bytes: 12_345,
    }))
    const artifacts = new Map(
      names.map((name) => [name, { folder: 'steps/01-some-step-with-a-name', first: first.slice(0, 3), count: 5000 }]),
    )
    const files = new Set(['log.txt', 'steps/01-some-step-with-a-name', ...first.map(({ path }) => path)])
    const events = [started(nodes), ...ended, runEnded('passed')]
    const history = Array.from({ length: 60 }, (_, i) => ({
      run: `run-${i}`,
      at: `2026-10-${10 + (i % 20)}T00:00:00Z`,
      value: 10 + Math.sin(i),
      low: 9,
      high: 12,
      n: 30,
      verdict: 'pass' as const,
    }))
    const trends = ended.flatMap(({ step, metrics = [] }) =>
      metrics.map(({ name, unit, better }) => ({ step, metric: name, unit, better, history })),
    )
    const beside = { folder: '', files, logs, artifacts }
    const page = await htmlPage({ record: recorded(...events), repeats: new Map(), beside, trends })
    expect(page.length).toBeLessThan(1_000_000)
    expect(page.length).toBeGreaterThan(200_000)
    for (const name of names) expect(page).toContain(name)
  })
})
