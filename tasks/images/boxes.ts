import type { Dimensions } from './sizes.ts'

/** A labelled rectangle in pixels of the upright image, its origin at the top left; sides may be fractions of a pixel. */
export interface Box extends Dimensions {
  readonly label: string
  readonly x: number
  readonly y: number
}

export type Mirror = 'left-right' | 'top-bottom'

/** Of a moved box's area at least this much must still be on the canvas, or the box is dropped. */
export const leastShare = 0.25

/** The box on a canvas that was mirrored. */
export function flipBox(box: Box, mirror: Mirror, canvas: Dimensions): Box {
  return mirror === 'left-right'
    ? { ...box, x: canvas.width - box.x - box.width }
    : { ...box, y: canvas.height - box.y - box.height }
}

/**
 * The upright hull of the box after a turn by `degrees` clockwise onto a canvas that holds the whole turned picture.
 * libvips turns the middles of pixels and begins the canvas at the whole pixel nearest the turned picture's outermost corner;
 * a box turned as here has its middle where the turned pixels have theirs, to a hundredth of a pixel.
 */
export function rotateBox(box: Box, degrees: number, from: Dimensions): Box {
  const turn = (degrees * Math.PI) / 180
  const cos = Math.cos(turn)
  const sin = Math.sin(turn)
  const left = Math.round(Math.min(0, from.width * cos) + Math.min(0, -from.height * sin))
  const top = Math.round(Math.min(0, from.width * sin) + Math.min(0, from.height * cos))
  const x = box.x + (box.width - 1) / 2
  const y = box.y + (box.height - 1) / 2
  const width = box.width * Math.abs(cos) + box.height * Math.abs(sin)
  const height = box.width * Math.abs(sin) + box.height * Math.abs(cos)
  return {
    ...box,
    x: x * cos - y * sin - left + (1 - width) / 2,
    y: x * sin + y * cos - top + (1 - height) / 2,
    width,
    height,
  }
}

/** A picture scaled by `scaleX` and `scaleY`, its top left then put at (`right`, `down`). */
export interface ShiftScale {
  readonly scaleX: number
  readonly scaleY: number
  readonly right: number
  readonly down: number
}

export function shiftScaleBox(box: Box, { scaleX, scaleY, right, down }: ShiftScale): Box {
  return {
    ...box,
    x: box.x * scaleX + right,
    y: box.y * scaleY + down,
    width: box.width * scaleX,
    height: box.height * scaleY,
  }
}

/** The boxes cut at the canvas's edges, without those of which less than `leastShare` is on it. */
export function clipBoxes(boxes: readonly Box[], canvas: Dimensions): readonly Box[] {
  return boxes.flatMap((box) => {
    const x = Math.max(0, box.x)
    const y = Math.max(0, box.y)
    const width = Math.min(canvas.width, box.x + box.width) - x
    const height = Math.min(canvas.height, box.y + box.height) - y
    const visible = width > 0 && height > 0 && width * height >= leastShare * box.width * box.height
    return visible ? [{ ...box, x, y, width, height }] : []
  })
}
