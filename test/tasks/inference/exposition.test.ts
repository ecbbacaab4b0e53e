import { describe, expect, test } from 'bun:test'
import { readExposition } from '../../../tasks/inference/exposition.ts'

const read = (text: string) => readExposition(text, 'inference_')

const whole = `# HELP inference_requests_total Images, by what came of them; a \\\\ and a line \\n too.
# TYPE inference_requests_total counter
inference_requests_total{status="success"} 3
inference_requests_total{status="error",} 1 1395066363000
# a remark

# TYPE process_open_fds gauge
process_open_fds NaN
# TYPE inference_duration_seconds histogram
inference_duration_seconds_bucket{le="0.5"} 3
inference_duration_seconds_bucket{le="+Inf"} 4
inference_duration_seconds_sum 1.5e-1
inference_duration_seconds_count 4
# TYPE inference_model_info gauge
inference_model_info{ name = "a \\"b\\" \\\\ c\\nd" , version="1"} +1
`

test('a document of the format is read whole, and what is of other families left out', () => {
  const exposition = read(whole)
  if (exposition.kind === 'breach') throw new Error(exposition.sentence)
  expect(exposition.types).toEqual({
    inference_requests_total: 'counter',
    inference_duration_seconds: 'histogram',
    inference_model_info: 'gauge',
  })
  expect(exposition.samples.map(({ name, value }) => `${name} ${value}`)).toEqual([
    'inference_requests_total 3',
    'inference_requests_total 1',
    'inference_duration_seconds_bucket 3',
    'inference_duration_seconds_bucket 4',
    'inference_duration_seconds_sum 0.15',
    'inference_duration_seconds_count 4',
    'inference_model_info 1',
  ])
  expect(exposition.samples.at(-1)?.labels).toEqual({ name: 'a "b" \\ c\nd', version: '1' })
})

test('nothing is a document too', () => {
  expect(read('')).toEqual({ kind: 'valid', types: {}, samples: [] })
})

describe('a breach of the format is a sentence that names the line', () => {
  test.each([
    ['a last line that does not end', 'inference_a 1', 'its last line does not end'],
    ['a page of HTML', '<html>\n', 'line 1 (<html>) is no sample'],
    ['a name that begins with a digit', '1a 1\n', 'is no sample'],
    ['no value', 'inference_a\n', 'is no sample'],
    ['a value that is a word', 'inference_a many\n', 'is no sample'],
    ['a value in hexadecimal', 'inference_a 0x1\n', 'is no sample'],
    ['a time that is no whole number', 'inference_a 1 1.5\n', 'is no sample'],
    ['a label without quotes', 'inference_a{b=1} 1\n', 'is no sample'],
    ['a label twice', 'inference_a{b="1",b="2"} 1\n', 'is no sample'],
    ['labels without a comma between', 'inference_a{b="1" c="2"} 1\n', 'is no sample'],
    ['an escape that is none', 'inference_a{b="\\t"} 1\n', 'is no sample'],
    ['a quote that is not closed', 'inference_a{b="1} 1\n', 'is no sample'],
    ['a type that is none', '# TYPE inference_a meter\n', 'names no type'],
    ['a type twice', '# TYPE inference_a gauge\n# TYPE inference_a gauge\n', 'is the second TYPE'],
    ['a help twice', '# HELP inference_a b\n# HELP inference_a c\n', 'is the second HELP'],
    ['a type after its samples', 'inference_a 1\n# TYPE inference_a gauge\n', 'comes too late'],
    ['a family in two places', 'inference_a{b="1"} 1\ninference_c 1\ninference_a{b="2"} 1\n', 'are not together'],
    ['a sample twice', 'inference_a{b="1",c="2"} 1\ninference_a{c="2",b="1"} 1\n', 'was said already'],
    ['no number where one is counted', 'inference_a NaN\n', 'is no finite number'],
  ])('%s', (_what, text, sentence) => {
    expect(read(text)).toEqual({ kind: 'breach', sentence: expect.stringContaining(sentence) })
  })
})
