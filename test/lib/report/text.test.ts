import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { fit, linesOf, oneLine, pad, widthOf, wrap } from '../../../lib/report/text.ts'
import { nasty } from './events.ts'

describe('text for a terminal', () => {
  const lines: readonly (readonly [string, string])[] = [
    ['plain', 'plain'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007text', 'text'],
    [' 10%\r 55%\r100%\r', '100%'],
    ['a\tb\u0000c', 'a b c'],
    ['two\nlines', 'two lines'],
    ['evil\u202etxt', 'evil\ufffdtxt'],
    ['half \ud83d', 'half \ufffd'],
    ['end   ', 'end'],
  ]
  test.each(lines)('has %j as %j', (text, line) => expect(oneLine(text)).toBe(line))

  test('is split where it breaks, without what is empty', () => {
    expect(linesOf('a\r\n\n  b\n')).toEqual(['a', '  b'])
  })

  test('is cut to its width in cells, wide and joined characters too', () => {
    expect(fit('漢字漢字', 5)).toBe('漢字…')
    expect(fit('漢字漢字', 6)).toBe('漢字…')
    expect(fit('short', 5)).toBe('short')
    expect(fit('short', 0)).toBe('')
    // A part of what joins into one may be wider than its share of the whole.
    const joined = fc.string({
      unit: fc.constantFrom('e', '\u0301', '漢', '👩', '\u200d', '🇩', '🇪', '\ufe0f', 'ㅎ', '؀'),
    })
    fc.assert(
      fc.property(fc.oneof(nasty.map(oneLine), joined), fc.nat(20), (text, width) => {
        expect(widthOf(fit(text, width))).toBeLessThanOrEqual(width)
      }),
      { numRuns: 1000 },
    )
  })

  test('is filled up to its width in cells', () => {
    expect(pad('漢', 4)).toBe('漢  ')
    expect(pad('long', 2)).toBe('long')
  })

  test('is broken at spaces, and a long word stays whole', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrap('    at work', 6)).toEqual(['    at', 'work'])
    expect(wrap('log: /a/very/long/path', 8)).toEqual(['log:', '/a/very/long/path'])
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 30 }), (text, width) => {
        expect(wrap(text, width).join(' ')).toBe(text)
      }),
    )
  })
})
