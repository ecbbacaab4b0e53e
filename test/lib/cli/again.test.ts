import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { quoted } from '../../../lib/cli/again.ts'
import { oneLine } from '../../../lib/report/text.ts'

// What a command line can hold: whole characters, no NUL.
const word = fc.array(
  fc.oneof(
    fc.constantFrom(...'ab19 \'"\\$`!*?~#;&|<>(){}[]=%,-', '\n', '\r', '\t', '\x07', '\x1b', '\x1b[31m', '\x7f'),
    fc.constantFrom('é', '🔑', '\u009b', '\u202e', '\u2028', '\ufeff'),
  ),
  { maxLength: 12 },
)

test('every word of the command to run it again is shown as it is, and is to a shell what it was', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), (letters) => {
      const words = ['a\nb\x1b[31mred', ...letters.map((some) => some.join(''))]
      const line = words.map(quoted).join(' ')
      expect(oneLine(line)).toBe(line)
      const { stdout } = Bun.spawnSync(['bash', '-c', `printf '%s\\0' ${line}`])
      expect(stdout.toString().split('\0').slice(0, -1)).toEqual(words)
    }),
    { numRuns: 60 },
  )
  expect(quoted('word=a\nb\x1b[31mred')).toBe("$'word=a\\nb\\033[31mred'")
})
