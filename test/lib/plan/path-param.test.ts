import { expect, test } from 'bun:test'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseParams } from '../../../lib/plan/param.ts'
import { path } from '../../../lib/plan/path-param.ts'
import trainingResume from '../../../plans/training-resume.ts'
import draw from '../../../tasks/images/draw.task.ts'
import { imageFolder } from '../../../tasks/images/params.ts'
import objectStore from '../../../tasks/object-store/object-store.task.ts'
import { commonOptions } from '../../../tasks/pipeline/stage-options.ts'

const home = homedir()
const parsed = (given: string) => parseParams({ file: path('', 'a file') }, { file: given }, 'try').file

test.each([
  ['~', home],
  ['~/', `${home}/`],
  ['~/a b/golden.json', join(home, 'a b/golden.json')],
  ['', ''],
  ['a/~/b', 'a/~/b'],
  // Of somebody else, and of whoever calls a file so.
  ['~root/x', '~root/x'],
  ['./~', './~'],
])('the path %p is %p', (given, found) => expect(parsed(given)).toBe(found))

test('every parameter that is a path is read so', () => {
  const params = {
    golden: trainingResume.params?.golden,
    images: imageFolder(),
    out: draw.options.out,
    dir: objectStore.options.dir,
    nvmeRoot: commonOptions.nvmeRoot,
  }
  for (const [name, param] of Object.entries(params))
    if (param === undefined) throw new Error(`there is no parameter ${name}`)
    else expect([name, parseParams({ param }, { param: '~/' }, 'try').param]).toEqual([name, `${home}/`])
})
