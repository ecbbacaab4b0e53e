import { describe, expect, test } from 'bun:test'
import { basename } from 'node:path'
import sharp from 'sharp'
import { inspect } from '../../../tasks/images/inspect.ts'
import { drawPhoto, drawSamples, type Sample } from '../../../tasks/images/samples.ts'
import { colourAt, decode } from './pictures.ts'
import { runDigest } from './run-digest.ts'

const samples = await drawSamples()

function named(path: string): Sample {
  const found = samples.find((sample) => sample.path === path)
  if (!found) throw new Error(`no ${path}`)
  return found
}

describe('the sample images', () => {
  test('are eighteen, of between 5 and 10 MB in all, each with a path of its own', () => {
    const bytes = samples.reduce((sum, sample) => sum + sample.bytes.length, 0)
    expect(samples.length).toBe(18)
    expect(new Set(samples.map(({ path }) => path)).size).toBe(18)
    expect(bytes / 1e6).toBeWithin(5, 10)
  })

  test('hold what breaks pipelines', async () => {
    expect(await inspect(named('sixteen-bit.png').bytes)).toMatchObject({ depth: 'ushort', space: 'rgb16' })
    expect(await inspect(named('grayscale.jpg').bytes)).toMatchObject({ channels: 1, space: 'b-w' })
    expect(await inspect(named('clear.png').bytes)).toMatchObject({ hasAlpha: true })
    expect(await inspect(named('photo.webp').bytes)).toMatchObject({ format: 'webp' })
    expect(named('one-pixel.png')).toMatchObject({ width: 1, height: 1 })
    expect(named('panorama.jpg').width / named('panorama.jpg').height).toBe(30)
    expect(samples.filter(({ path }) => basename(path) === 'photo.jpg').length).toBe(2)
    expect(samples.some(({ path }) => / /.test(path) && /[^\p{ASCII}]/u.test(path))).toBe(true)
    expect(Math.max(...samples.map(({ width, height }) => width * height)) / 1e6).toBeWithin(2, 4.1)
  })

  test('use more than 8 of the 16 bits', async () => {
    const { data } = await sharp(named('sixteen-bit.png').bytes)
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true })
    const values = new Uint16Array(data.buffer, data.byteOffset, data.length / 2)
    expect(values.some((value) => value % 257 !== 0)).toBe(true)
  })

  test.each(samples.map((sample) => [sample.path, sample] as const))('%s is what it says', async (_, sample) => {
    const meta = await sharp(sample.bytes).metadata()
    expect(meta.format).toBe(sample.format)
    expect(meta.autoOrient).toEqual({ width: sample.width, height: sample.height })
    expect(meta.orientation).toBe(sample.orientation)
    for (const { x, y, width, height } of sample.boxes) {
      expect(x >= 0 && y >= 0 && x + width <= sample.width && y + height <= sample.height).toBe(true)
    }
  })

  test('show a shape’s edge where its box has its sides, in every orientation', async () => {
    for (const sample of samples.filter(({ orientation }) => orientation !== undefined)) {
      const pixels = await decode(sample.bytes)
      expect(sample.boxes.length).toBe(3)
      for (const { label, x, y, width, height } of sample.boxes) {
        const row = label === 'triangle' ? y + height - 4 : Math.round(y + height / 2)
        const column = Math.round(x + width / 2)
        const jump = (ax: number, ay: number, bx: number, by: number) =>
          Math.max(
            ...colourAt(pixels, ax, ay).map((value, at) => Math.abs(value - (colourAt(pixels, bx, by)[at] ?? 0))),
          )
        expect(jump(x - 5, row, x + 6, row), `${sample.path} ${label} left`).toBeGreaterThan(25)
        expect(jump(x + width + 4, row, x + width - 7, row), `${sample.path} ${label} right`).toBeGreaterThan(25)
        expect(jump(column, y + height + 4, column, y + height - 5), `${sample.path} ${label} bottom`).toBeGreaterThan(
          25,
        )
      }
    }
  })

  test('are the same from another process, and others from another seed', async () => {
    const [first, second, other] = await Promise.all([
      runDigest('samples', 1),
      runDigest('samples', 1),
      runDigest('samples', 2),
    ])
    expect(first).toHaveLength(64)
    expect(second).toBe(first)
    expect(other).not.toBe(first)
  }, 30_000)
})

test('drawPhoto draws one JPEG of the size asked for', async () => {
  const photo = await drawPhoto({ width: 320, height: 200, seed: 1 })
  expect(await inspect(photo)).toMatchObject({ format: 'jpeg', width: 320, height: 200 })
  expect(await drawPhoto({ width: 320, height: 200, seed: 2 })).not.toEqual(photo)
})
