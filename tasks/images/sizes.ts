import * as v from 'valibot'
import { cannot, type Param, param } from '../../lib/index.ts'

export interface Dimensions {
  readonly width: number
  readonly height: number
}

/** A size that images are normalised to: a preset caps its box and never enlarges; an exact one is that many pixels. */
export type Size =
  | ({ readonly kind: 'preset'; readonly name: PresetName } & Dimensions)
  | ({ readonly kind: 'exact'; readonly name: string } & Dimensions)

/** How an exact size is filled: `contain` pads, `cover` crops, `fill` stretches. Presets keep the aspect whatever it is. */
export type Fit = (typeof fits)[number]
export const fits = ['contain', 'cover', 'fill'] as const

export type PresetName = keyof typeof presets

const presets = {
  '1080p': { width: 1920, height: 1080 },
  '720p': { width: 1280, height: 720 },
  '480p': { width: 854, height: 480 },
} as const

/** The longest side a WebP can have, which is the least of the formats we write. */
const longestSide = 16_383

const example = 'a list of sizes like 1080p,720p,800x600'

/** Reads `1080p,720p,800x600`; capitals and spaces around the commas are fine. */
const Sizes = v.pipe(
  v.string(),
  v.rawTransform<string, readonly Size[]>(({ dataset, addIssue, NEVER }) => {
    const refuse = (why: string) => {
      addIssue({ message: `${example} (${why})` })
      return NEVER
    }
    if (dataset.value.trim() === '') return refuse('at least one')
    const sizes = new Map<string, Size>()
    for (const token of dataset.value.split(',').map((part) => part.trim().toLowerCase())) {
      const size = parseSize(token)
      if (typeof size === 'string') return refuse(size)
      if (sizes.has(size.name)) return refuse(`'${token}' is there twice`)
      sizes.set(size.name, size)
    }
    return [...sizes.values()]
  }),
)

/** The sizes in `text`, in its order. Throws a Problem that says which one is wrong. */
export function parseSizes(text: string): readonly Size[] {
  const result = v.safeParse(Sizes, text)
  if (result.success) return result.output
  throw cannot('normalize', 'sizes', result.issues[0].message, text)
}

/** A parameter that holds a list of sizes. */
export function sizeList(
  value: string,
  options: { readonly env?: string; readonly help?: string } = {},
): Param<readonly Size[]> {
  return param(Sizes, { default: value, help: 'sizes to normalise to: 1080p, 720p, 480p or WIDTHxHEIGHT', ...options })
}

function parseSize(token: string): Size | string {
  if (isPreset(token)) return { kind: 'preset', name: token, ...presets[token] }
  const [, width, height] = /^(\d+)x(\d+)$/.exec(token) ?? []
  if (width === undefined || height === undefined) return `'${token}' is neither ${presetNames} nor WIDTHxHEIGHT`
  const sides = [Number(width), Number(height)] as const
  if (sides.some((side) => side < 1 || side > longestSide)) return `each side of '${token}' from 1 to ${longestSide}`
  return { kind: 'exact', name: `${sides[0]}x${sides[1]}`, width: sides[0], height: sides[1] }
}

const presetNames = Object.keys(presets).join(', ')

function isPreset(token: string): token is PresetName {
  return Object.hasOwn(presets, token)
}

/** The width and height in pixels that a source (as a viewer sees it, upright) has once it is normalised to `size`. */
export function outputSize(source: Dimensions, size: Size): Dimensions {
  return size.kind === 'exact'
    ? { width: size.width, height: size.height }
    : scaled(source, Math.min(1, inside(source, size)))
}

/** The size of the source's whole picture before what `fit` crops from it or pads it with. */
export function pictureSize(source: Dimensions, size: Size, fit: Fit): Dimensions {
  if (size.kind === 'preset') return outputSize(source, size)
  switch (fit) {
    case 'contain':
      return scaled(source, inside(source, size))
    case 'cover':
      return scaled(source, Math.max(size.width / source.width, size.height / source.height))
    case 'fill':
      return { width: size.width, height: size.height }
  }
}

/**
 * Whether a stored image of `actual` pixels is the source at `size`. Programs round a preset's shorter side up, down or to
 * the nearest, and some cap the longer side one pixel short: each side may be one pixel off. Exact sizes are exact.
 */
export function isOutputSize(source: Dimensions, size: Size, actual: Dimensions): boolean {
  const slack = size.kind === 'exact' ? 0 : 1
  const expected = outputSize(source, size)
  return (
    Math.abs(actual.width - expected.width) <= slack &&
    Math.abs(actual.height - expected.height) <= slack &&
    (size.kind === 'exact' ||
      (actual.width <= Math.min(size.width, source.width) && actual.height <= Math.min(size.height, source.height)))
  )
}

function inside(source: Dimensions, box: Dimensions): number {
  return Math.min(box.width / source.width, box.height / source.height)
}

function scaled({ width, height }: Dimensions, scale: number): Dimensions {
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}
