import { expect, test } from 'bun:test'
import { variablesOf } from '../../../lib/cli/env-file.ts'

test('an environment file gives its variables', () => {
  const text = `# where\nS3_ENDPOINT=https://s3.example\nexport A='x # y'\nPEM="one\nS3 two"\n\nEMPTY=\n`
  expect({ ...variablesOf(text, 'my.env') }).toEqual({
    S3_ENDPOINT: 'https://s3.example',
    A: 'x # y',
    PEM: 'one\nS3 two',
    EMPTY: '',
  })
})

test.each([
  ['a line without =', 'A=1\nS3_ENDPOINT https://s3.example\n', "'my.env:2' must be NAME=VALUE or a # comment"],
  ['a line without a name', '=1', "'my.env:1' must be NAME=VALUE"],
  ['a quotation mark that is not closed', 'A="one\ntwo\n', "'my.env:1' must be a value whose \" is closed"],
])('%s is refused, not passed over, and not shown', (_, text, sentence) => {
  expect(() => variablesOf(text, 'my.env')).toThrow(sentence)
  expect(() => variablesOf(text, 'my.env')).not.toThrow('https')
})
