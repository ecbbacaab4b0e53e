import { expect, test } from 'bun:test'
import { readLog } from '../../../tasks/pipeline/evidence-log.ts'

const sum = 'ab'.repeat(32)

function read(...lines: string[]) {
  const log = readLog('/nvme/root')
  for (const line of lines) log.add(line)
  return log.evidence(lines.slice(-1))
}

test.each([
  [{ path: '/nvme/root/input/a.jpg', uri: 's3://raw/a.jpg', bytes: 5, sha256: sum }],
  [
    {
      msg: 'staged',
      file: { local: '/nvme/root/input/a.jpg', size_bytes: 5 },
      from: 's3://raw/a.jpg',
      digest: `sha256:${sum}`,
    },
  ],
  [{ src: { 's3-uri': 's3://raw/a.jpg' }, ContentLength: 5, hash: sum.toUpperCase(), dst: '/nvme/root/input/a.jpg' }],
])('a file is known by what its facts look like: %j', (line) => {
  expect(read(JSON.stringify(line)).files).toEqual([
    { path: 'input/a.jpg', uri: 's3://raw/a.jpg', bytes: 5, sha256: sum },
  ])
})

test.each([
  ['plain text', 'INFO staged /nvme/root/input/a.jpg'],
  ['JSON that is no object', '"/nvme/root/input/a.jpg"'],
  ['half a line of JSON', '{"path":"/nvme/root/input/a.jpg"'],
  ['a file elsewhere', '{"path":"/nvme/rootless/input/a.jpg"}'],
  ['no file', '{"uri":"s3://raw/a.jpg"}'],
])('%s names no file', (_what, line) => {
  expect(read(line).files).toEqual([])
})

test('lines and JSON lines are counted', () => {
  expect(read('one', '{"a":1}', '{', 'two')).toMatchObject({ lines: 4, jsonLines: 1, last: ['two'] })
  // What a slow machine says more often.
  expect(read('{"event":"done"}', '{"event":"progress"}', '{"event":"repeated"}')).toMatchObject({
    lines: 1,
    jsonLines: 1,
  })
})
