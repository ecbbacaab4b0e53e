import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { crontabWord, numericCron, withBlock, wordsInBlock } from '../../../lib/cli/crontab.ts'

const lines = ['30 2 * * * cd /a && assay plan one', '*/15 * * * * cd /a && assay schedule due --run two']

describe('the block of a repository in a crontab', () => {
  const other = 'MAILTO=me\n# mine\n0 4 * * * backup\n'
  const mine = `# assay begin "/a"\n${lines.join('\n')}\n# assay end "/a"\n`

  test('stands behind what is there, is replaced where it stands, and goes without a trace', () => {
    expect(withBlock(other, '/a', lines)).toBe(other + mine)
    expect(withBlock(`${mine}${other}`, '/a', lines.slice(1))).toBe(`${mine.replace(`${lines[0]}\n`, '')}${other}`)
    expect(withBlock(other + mine, '/a', [])).toBe(other)
    expect(withBlock('', '/a', lines)).toBe(mine)
    expect(withBlock('0 4 * * * backup', '/a', [])).toBe('0 4 * * * backup\n')
  })

  test('touches no other line and no other repository’s, whatever the order of installing and removing', () => {
    const line = fc.stringMatching(/^[ -~]{0,30}$/).filter((text) => !text.startsWith('# assay'))
    const change = fc.record({ root: fc.constantFrom('/a', '/a/b', '/a b', '/ä"'), lines: fc.subarray(lines) })
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), fc.array(change), (others, changes) => {
        const before = others.map((text) => `${text}\n`).join('')
        let text = before
        for (const { root, lines } of changes) {
          text = withBlock(text, root, lines)
          expect(withBlock(text, root, lines)).toBe(text)
        }
        const last = new Map(changes.map(({ root, lines }) => [root, lines]))
        for (const [root, lines] of last)
          expect(
            text.includes(
              `# assay begin ${JSON.stringify(root)}\n${lines.map((line) => `${line}\n`).join('')}# assay end ${JSON.stringify(root)}\n`,
            ),
          ).toBe(lines.length > 0)
        for (const root of last.keys()) text = withBlock(text, root, [])
        expect(text).toBe(before)
      }),
    )
  })

  test('is not cut out when its end is gone', () => {
    expect(() => withBlock(`# assay begin "/a"\n0 4 * * * backup\n`, '/a', [])).toThrow(
      `Cannot change the crontab as '# assay begin "/a"' must be followed by # assay end "/a": current value is the only mark. Mend it: crontab -e`,
    )
  })
})

describe('a word in a crontab', () => {
  const said = (command: string) => Bun.spawnSync(['/bin/sh', '-c', `printf %s ${command}`]).stdout.toString()
  /** What different daemons hand to the shell: all but the last is after Debian's and others' ways with a backslash. */
  const daemons: readonly ((line: string) => string)[] = [
    (line) => line.replace(/\\%/g, '%'),
    (line) => line.replace(/\\([%\\])/g, '$1'),
    (line) => line,
  ]

  test('comes to the program as it was, whatever the daemon does with backslashes', () => {
    const piece = fc.constantFrom('a', ' ', "'", '"', '%', '\\', '$x', '`', '!', '#', 'ä', '\t', '~', '*', ';')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const word = pieces.join('')
        const command = crontabWord(word)
        expect(command).not.toMatch(/(^|[^\\])%/) // the end of the line to cron
        for (const daemon of daemons) expect(said(daemon(command))).toBe(word)
        const crontab = withBlock('0 4 * * * backup\n', '/a', [`0 3 * * * run ${command} >>log`])
        expect(wordsInBlock(crontab, '/a').slice(6)).toEqual([word, '>>log'])
      }),
      { numRuns: 100 },
    )
  })

  test('cannot be of two lines', () => {
    expect(() => crontabWord('one\ntwo')).toThrow("Cannot write the crontab as 'a command' must be one line")
  })
})

test.each([
  ['30 2 * * *', '30 2 * * *'],
  ['@daily', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
  ['0 4 * jan,MAR-jun mon-Fri', '0 4 * 1,3-6 1-5'],
  ['0 4 * * sun', '0 4 * * 0'],
  ['*/5 1-3 1,15 dec *', '*/5 1-3 1,15 12 *'],
])('%p is written %p', (cron, numbers) => expect(numericCron(cron)).toBe(numbers))
