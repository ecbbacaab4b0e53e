import { describe, expect, test } from 'bun:test'
import { readDocument } from '../../../tasks/inference/documents.ts'

const input = { bucket: 'in', prefix: 'run/' }

const whole = {
  info: { model: { name: 'digits', version: '3' } },
  images: [
    { id: 1, file_name: 'a.png', width: 8, height: 6, coco_url: 's3://in/run/a.png' },
    { id: 2, file_name: 'b.png', width: 8, height: 6, coco_url: 'https://example.com/b.png' },
  ],
  annotations: [{ id: 1, image_id: 2, category_id: 5, bbox: [0, 0, 8, 6], score: 0.5 }],
  categories: [{ id: 5, name: 'cat' }],
}

const read = (document: unknown) => readDocument(JSON.stringify(document), 's3://out/1.json', input)

test('a document says what it predicts of which image, where no address is given by its name', () => {
  expect(read(whole)).toEqual({
    kind: 'valid',
    uri: 's3://out/1.json',
    images: ['s3://in/run/a.png', 's3://in/run/b.png'],
    categories: ['cat'],
    predictions: [{ uri: 's3://in/run/b.png', category: 'cat', score: 0.5, box: [0, 0, 8, 6], width: 8, height: 6 }],
    version: '3',
  })
  expect(read({ ...whole, info: undefined })).not.toHaveProperty('version')
})

describe('a breach is a sentence', () => {
  test.each([
    ['no object', [], 'images'],
    ['no images', { ...whole, images: undefined }, 'images'],
    ['an image without width', { ...whole, images: [{ id: 1, file_name: 'a' }] }, 'images.0.width'],
    ['a box of three', { ...whole, annotations: [{ ...whole.annotations[0], bbox: [0, 0, 8] }] }, 'annotations.0.bbox'],
    ['an image that is not there', { ...whole, images: [] }, 'of the image 2'],
    ['a category that is not there', { ...whole, categories: [] }, 'of the category 5'],
    ['an id of two images', { ...whole, images: [whole.images[1], whole.images[1]] }, 'two of its images'],
    [
      'an id of two annotations',
      { ...whole, annotations: [...whole.annotations, ...whole.annotations] },
      'annotations',
    ],
    ['an id of two categories', { ...whole, categories: [...whole.categories, ...whole.categories] }, 'categories'],
  ])('%s', (_what, document, sentence) => {
    expect(read(document)).toMatchObject({ kind: 'breach', sentence: expect.stringContaining(sentence) })
  })

  test('no JSON', () => {
    expect(readDocument('{', 's3://out/1.json', input)).toMatchObject({ kind: 'breach' })
  })
})
