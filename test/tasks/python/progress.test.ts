import { expect, test } from 'bun:test'
import { progressOf } from '../../../tasks/python/progress.ts'

/** What is told of these lines, one after the other. */
function told(...lines: readonly string[]): readonly string[] {
  const all: string[] = []
  const hear = progressOf((text) => void all.push(text))
  for (const line of lines) hear(line)
  return all
}

test('of uv, how many of the large downloads are there and which is the largest to come', () => {
  expect(
    told(
      'Resolved 45 packages in 156ms',
      'Downloading numpy (16.1MiB)',
      'Downloading nvidia-cudnn-cu13 (1.2GiB)',
      'Downloading torch (866.4MiB)',
      ' Downloaded numpy',
      ' Downloaded nvidia-cudnn-cu13',
      ' Downloaded torch',
      ' + torch==2.15.0',
    ),
  ).toEqual([
    'Resolved 45 packages in 156ms',
    '0 of 1 large packages are there; numpy (16.1MiB) to come',
    '0 of 2 large packages are there; nvidia-cudnn-cu13 (1.2GiB) and 1 more to come',
    '0 of 3 large packages are there; nvidia-cudnn-cu13 (1.2GiB) and 2 more to come',
    '1 of 3 large packages are there; nvidia-cudnn-cu13 (1.2GiB) and 1 more to come',
    '2 of 3 large packages are there; torch (866.4MiB) to come',
    'Downloaded torch',
    '+ torch==2.15.0',
  ])
})

test('of pip, which takes one after the other, what it says', () => {
  const line = '  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.9 MB)'
  expect(told('Collecting numpy==2.4.6', line)).toEqual(['Collecting numpy==2.4.6', line.trim()])
})
