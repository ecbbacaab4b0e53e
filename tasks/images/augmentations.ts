import type { Sharp } from 'sharp'
import { type Box, flipBox, type Mirror, rotateBox, shiftScaleBox } from './boxes.ts'
import { fromPixels, type Pixels } from './pixels.ts'
import { noiseLength, noiseRing, type Random } from './random.ts'

/** One augmentation with its numbers drawn. */
export interface Change {
  /** `rotate(degrees=-7.3)`: all its numbers, as they were used. */
  readonly says: string
  readonly image: Sharp
  /** Where a box of the source lies on the image; it may reach beyond its edges. */
  readonly move: (box: Box) => Box
}

const unmoved = (box: Box) => box

/** What rotated and shifted pictures leave free is grey, or clear where there is alpha. */
const surround = ({ channels }: Pixels) => ({ r: 128, g: 128, b: 128, alpha: channels === 4 ? 0 : 1 })

export function flip(source: Pixels, random: Random): Change {
  const mirror = random.pick<Mirror>(['left-right', 'left-right', 'top-bottom'])
  const image = fromPixels(source)
  return {
    says: `flip(${mirror})`,
    image: mirror === 'left-right' ? image.flop() : image.flip(),
    move: (box) => flipBox(box, mirror, source),
  }
}

/** By 3 to 15 degrees either way, on a canvas that grows so that nothing is cut off. */
export function rotate(source: Pixels, random: Random): Change {
  const degrees = random.pick([-1, 1]) * rounded(random.between(3, 15), 1)
  return {
    says: `rotate(degrees=${degrees})`,
    image: fromPixels(source).rotate(degrees, { background: surround(source) }),
    move: (box) => rotateBox(box, degrees, source),
  }
}

/** Scaled by 0.8 to 1.25 about the middle and shifted by up to a tenth of each side, on a canvas of the source's size. */
export function shiftScale(source: Pixels, random: Random): Change {
  const { width, height } = source
  const scale = rounded(random.pick([random.between(0.8, 0.95), random.between(1.05, 1.25)]), 3)
  const picture = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
  const right = Math.round((width - picture.width) / 2 + width * random.between(-0.1, 0.1))
  const down = Math.round((height - picture.height) / 2 + height * random.between(-0.1, 0.1))
  const seen = {
    left: Math.max(0, -right),
    top: Math.max(0, -down),
    width: Math.min(width, right + picture.width) - Math.max(0, right),
    height: Math.min(height, down + picture.height) - Math.max(0, down),
  }
  const rest = {
    left: Math.max(0, right),
    top: Math.max(0, down),
    right: Math.max(0, width - right - picture.width),
    bottom: Math.max(0, height - down - picture.height),
  }
  const image = fromPixels(source)
    .resize({ ...picture, fit: 'fill' })
    .extract(seen)
  const placed = { scaleX: picture.width / width, scaleY: picture.height / height, right, down }
  return {
    says: `shift-scale(scale=${scale},right=${right},down=${down})`,
    image: image.extend({ ...rest, background: surround(source) }),
    move: (box) => shiftScaleBox(box, placed),
  }
}

/** Contrast about mid grey, then brightness in steps of 255. */
export function brightnessContrast(source: Pixels, random: Random): Change {
  const contrast = rounded(random.between(0.7, 1.3), 2)
  const brightness = random.pick([-1, 1]) * Math.round(random.between(8, 40))
  return {
    says: `brightness-contrast(brightness=${brightness},contrast=${contrast})`,
    image: fromPixels(source).linear(contrast, 128 * (1 - contrast) + brightness),
    move: unmoved,
  }
}

export function blur(source: Pixels, random: Random): Change {
  const sigma = rounded(random.between(0.8, 2.5), 2)
  return { says: `blur(sigma=${sigma})`, image: fromPixels(source).blur(sigma), move: unmoved }
}

/** Gaussian noise on each colour of each pixel, alpha left alone; `sigma` in steps of 255. */
export function noise(source: Pixels, random: Random): Change {
  const sigma = rounded(random.between(4, 16), 1)
  return { says: `noise(sigma=${sigma})`, image: fromPixels(withNoise(source, sigma, random)), move: unmoved }
}

function withNoise(source: Pixels, sigma: number, random: Random): Pixels {
  const { data, width, height, channels } = source
  const ring = noiseRing(random, sigma)
  const noisy = new Uint8ClampedArray(data)
  const colours = Math.min(channels, 3)
  for (let y = 0; y < height; y++) {
    let next = random.bits() % noiseLength
    const end = (y + 1) * width * channels
    for (let pixel = y * width * channels; pixel < end; pixel += channels) {
      for (let at = pixel; at < pixel + colours; at++) {
        noisy[at] = (data[at] ?? 0) + (ring[next] ?? 0)
        next = (next + 1) & (noiseLength - 1)
      }
    }
  }
  return { ...source, data: new Uint8Array(noisy.buffer) }
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
