import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { markdown } from '../../../lib/report/markdown.ts'
import { oneLine } from '../../../lib/report/text.ts'
import { anyJournal, nasty, recorded, runEnded, started, stepEnded } from './events.ts'
import { readHtml } from './html/read.ts'
import { showcase } from './html/showcase.ts'

describe('a run as Markdown', () => {
  test('is a line on what it came to, a table with a row a step, and the command to run it again', () => {
    const events = [
      started([
        ['step', 'upload | store'],
        ['check', 'valid'],
        ['measure', 'speed'],
        ['step', 'publish'],
      ]),
      stepEnded('upload | store', 'passed', { duration: 0.24, attempts: 2 }),
      stepEnded('valid', 'failed', {
        findings: [
          { name: 'objects', verdict: 'fail', expected: 12, actual: 11 },
          { name: 'whole', verdict: 'pass' },
        ],
      }),
      stepEnded('speed', 'passed', {
        metrics: [
          {
            name: 'rate',
            unit: 'img/s',
            better: 'higher',
            samples: [5],
            value: 5,
            interval: { low: 4.5, high: 5.5, level: 0.95 },
            verdict: 'undecided',
            because: 'of too few samples',
          },
        ],
      }),
      stepEnded('publish', 'skipped', { reason: 'because valid failed' }),
      runEnded('failed'),
    ]
    expect(markdown(recorded(...events))).toBe(`## ✗ small: A small plan

failed · 2 steps (1 skipped), 2 checks (1 failed), 1 measure (1 undecided) · 5.6 s

| step | status | duration | notes |
| --- | --- | ---: | --- |
| upload \\| store | ✓ passed | 240 ms | 2 attempts |
| valid | ✗ failed | 1.5 s | 2 checks<br>objects: expected 12, found 11 |
| speed | ✓ passed | 1.5 s | rate 5.00 img/s (4.50 – 5.50), n 1: undecided, of too few samples |
| publish | – skipped |  | because valid failed |

smallest change this run could have seen: not to be said from so few samples; noise floor not measured: bun run noise

Again: \` bun run plan small \`

Run 20261121-071602-k3x9 · 2026-11-21T07:16:02.000Z · box · commit abc123
`)
  })

  const elements = ['h2', 'p', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'br', 'code']

  test('shows every name as it is, and makes no element of what it holds', () => {
    const name = fc.oneof(
      nasty,
      fc.constantFrom('`a` | <b>x</b> | [l](http://x) ![i](y) **z** ~~s~~ $m$ &amp; # \\', '|', '</td></table>'),
    )
    fc.assert(
      fc.property(anyJournal, name, name, (journal, name, reason) => {
        const [heading, ...rest] = journal
        if (heading?.event !== 'run-started') throw new Error('no heading')
        const step = `x${name}x`
        const nodes = [{ name: step, kind: 'step' as const, needs: [] }]
        const text = markdown(
          recorded({ ...heading, nodes, title: name, again: name }, ...rest, stepEnded(step, 'failed', { reason })),
        )
        const { tags, text: shown, attributes } = readHtml(Bun.markdown.html(text))
        for (const tag of tags) expect(elements).toContain(tag)
        for (const attribute of attributes) expect(attribute).toBe('align')
        // Spaces in a row are one.
        const words = (text: string) => text.replace(/\s+/g, ' ')
        expect(words(shown)).toContain(words(oneLine(step)).trim())
      }),
    )
  })

  test('has as many cells in each row as in its head, of the largest run too', () => {
    const rows = markdown(recorded(...showcase))
      .split('\n')
      .filter((line) => line.startsWith('|'))
    expect(rows.length).toBe(2 + 8)
    for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(5)
  })
})
