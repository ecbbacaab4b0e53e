import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { CocoDocument, cocoBoxes } from '../../../tasks/images/coco.ts'

const image = (id: number, file_name: string) => ({ id, file_name, width: 20, height: 10 })
const annotation = (id: number, image_id: number, category_id = 1) => ({
  id,
  image_id,
  category_id,
  bbox: [id, 0, 5, 5],
})

function document(...names: readonly string[]) {
  return v.parse(CocoDocument, {
    info: { year: 2026 },
    images: names.map((name, at) => image(at, name)),
    annotations: names.map((_, at) => annotation(at, at)),
    categories: [{ id: 1, name: 'cat', supercategory: '' }],
  })
}

const box = (x: number) => ({ label: 'cat', x, y: 0, width: 5, height: 5 })

describe('the boxes of an image', () => {
  test.each([
    ['by its name', ['a.jpg', 'b.jpg'], 'b.jpg', 1],
    ['by the end of its path', ['a.jpg', 'b.jpg'], 'deep/b.jpg', 1],
    ['by its whole path before the end of it', ['b.jpg', 'deep/b.jpg'], 'deep/b.jpg', 1],
    ['as the only one', ['images/1/x-b.jpg'], 'b.jpg', 0],
  ])('are found %s', (_how, names, name, x) => {
    expect(cocoBoxes(document(...names), name)).toEqual([box(x)])
  })

  test('are none where an image has no annotation', () => {
    expect(cocoBoxes({ ...document('a.jpg'), annotations: [] }, 'a.jpg')).toEqual([])
  })

  test.each([
    ['no image of the name', document('a.jpg', 'b.jpg'), 'ab.jpg', 'it has no image called ab.jpg'],
    ['two of the name', document('a.jpg', 'a.jpg'), 'a.jpg', 'it has two images called a.jpg'],
    ['a category that is not listed', { ...document('a.jpg'), categories: [] }, 'a.jpg', 'of the category 1'],
  ])('are refused where there is %s', (_what, wrong, name, sentence) => {
    expect(() => cocoBoxes(wrong, name)).toThrow(sentence)
  })
})

test.each([
  ['a box of three numbers', [1, 2, 3]],
  ['a negative side', [0, 0, -1, 5]],
  ['a text', ['0', 0, 1, 1]],
])('%s is no box', (_what, bbox) => {
  const whole = { images: [image(1, 'a')], annotations: [{ ...annotation(1, 1), bbox }], categories: [] }
  expect(v.is(CocoDocument, whole)).toBeFalse()
})
