import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import draw from '../../../tasks/images/draw.task.ts'
import { listImages } from '../../../tasks/images/folder.ts'
import { landmark, pngOf } from './pictures.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-images-'))
})
afterEach(() => rm(folder, { recursive: true }))

const picture = await landmark(200, 100).jpeg().toBuffer()
const put = (files: Readonly<Record<string, Uint8Array | string>>) =>
  Promise.all(Object.entries(files).map(([path, content]) => Bun.write(join(folder, path), content)))

describe('listImages', () => {
  test('finds images in folders, by path, and nothing else', async () => {
    await put({
      'b.JPG': picture,
      'a/z.jpeg': picture,
      'a/Größe 1.jpg': picture,
      'notes.txt': 'x',
      '.hidden.jpg': 'x',
      '.git/x.jpg': 'x',
    })
    const images = await listImages(folder)
    expect(images.map(({ path }) => path)).toEqual(['a/Größe 1.jpg', 'a/z.jpeg', 'b.JPG'])
    expect(images[0]).toEqual({
      path: 'a/Größe 1.jpg',
      absolute: join(folder, 'a/Größe 1.jpg'),
      bytes: picture.length,
      width: 200,
      height: 100,
      boxes: [],
    })
  })

  test('gives width and height as a viewer sees them', async () => {
    await put({ 'a.jpg': await landmark(200, 100).jpeg().withMetadata({ orientation: 8 }).toBuffer() })
    expect(await listImages(folder)).toMatchObject([{ width: 100, height: 200 }])
  })

  test('refuses a folder that is not there, is a file, or holds no image', async () => {
    await put({ 'file.jpg': picture, 'none/notes.txt': 'x' })
    const sentences: readonly (readonly [string, string])[] = [
      ['gone', 'a folder that is there'],
      ['file.jpg', 'a folder'],
      ['none', 'a folder with images (.jpg .jpeg .png .webp .tif .tiff .gif .avif)'],
    ]
    for (const [name, rule] of sentences) {
      const path = join(folder, name)
      await expect(listImages(path)).rejects.toThrow(
        new Error(`Cannot use images as 'images' must be ${rule}: current value is ${path}`),
      )
    }
  })

  test.each([
    ['text', Buffer.from('not an image'), 'no image'],
    ['nothing', Buffer.from(''), 'no image'],
    ['a bomb', pngOf(17_000, 17_000, Buffer.from('no rows')), 'an image of more pixels than that'],
  ])('names a .jpg that is %s', async (_, content, found) => {
    await put({ 'a.jpg': picture, 'sub/b.jpg': content })
    await expect(listImages(folder)).rejects.toThrow(
      `Cannot use images as 'sub/b.jpg' must be a whole JPEG, PNG, WebP, TIFF, GIF or AVIF image of at most 200 megapixels: current value is ${found}`,
    )
  })
})

describe('YOLO labels', () => {
  const labels = '1 0.5 0.5 0.1 0.2\n0 0.95 0.5 0.2 1\n'
  const expected = [
    { label: 'bus', x: 90, y: 40, width: 20, height: 20 },
    { label: 'door', x: 170, y: 0, width: 30, height: 100 },
  ]

  test.each([
    ['labels beside images', 'images/sub/x.jpg', 'labels/sub/x.txt', 'classes.txt', ''],
    ['labels beside the folder itself', 'images/x.jpg', 'labels/x.txt', 'classes.txt', 'images'],
    ['labels in the folder of the image', 'site/x.jpg', 'site/labels/x.txt', 'site/classes.txt', ''],
  ])('are found as %s, cut at the edge', async (_, image, file, classes, at) => {
    await put({ [image]: picture, [file]: labels, [classes]: 'door\nbus\r\n' })
    const [found] = await listImages(join(folder, at))
    expect(found?.boxes.length).toBe(2)
    for (const [index, box] of expected.entries()) {
      const actual = found?.boxes[index]
      expect(actual?.label).toBe(box.label)
      for (const side of ['x', 'y', 'width', 'height'] as const) expect(actual?.[side]).toBeCloseTo(box[side], 6)
    }
  })

  test('without classes are called by their number', async () => {
    await put({ 'x.jpg': picture, 'labels/x.txt': labels })
    expect((await listImages(folder))[0]?.boxes.map(({ label }) => label)).toEqual(['1', '0'])
  })

  test.each(['1 0.5 0.5 0.1', 'bus 0.5 0.5 0.1 0.1', '0 0.5 0.5 50 50', '0 0.5 0.5 -0.1 0.1', '-1 0.5 0.5 0.1 0.1'])(
    'refuse the line %j',
    async (line) => {
      await put({ 'x.jpg': picture, 'labels/x.txt': `${labels}${line}\n` })
      await expect(listImages(folder)).rejects.toThrow(
        `Cannot use images as 'labels/x.txt' must be lines of 'class x y width height', the last four from 0 to 1: current value is ${line}`,
      )
    },
  )
})

test('the task draw writes the samples where it is told, and they list', async () => {
  const out = join(folder, 'new/samples')
  const context = { signal: new AbortController().signal, log() {}, progress() {}, emit() {}, env: {} }
  const result = await draw.run({ out, seed: 1 }, context)
  const images = await listImages(out)
  expect(images.length).toBe(18)
  expect(images.map(({ path }) => path)).toContain('site a/photo.jpg')
  expect(result).toEqual({ folder: out, images: 18, bytes: images.reduce((sum, image) => sum + image.bytes, 0) })
})
