import { stat } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { cannot, entriesBelow } from '../../lib/index.ts'
import type { Box } from './boxes.ts'
import { openImage } from './read.ts'
import type { Dimensions } from './sizes.ts'
import { yoloBoxes } from './yolo.ts'

/** An image of a user's folder; width and height as a viewer sees it, upright. */
export interface FoundImage extends Dimensions {
  /** Relative to the folder, separated by slashes. */
  readonly path: string
  readonly absolute: string
  /** Size of the file. */
  readonly bytes: number
  /** From YOLO labels beside the images; empty where there are none. */
  readonly boxes: readonly Box[]
}

const extensions: ReadonlySet<string> = new Set(['.jpg', '.jpeg', '.png', '.webp', '.tif', '.tiff', '.gif', '.avif'])

/** Headers read at once; more only waits on the disk. */
const together = 8

/**
 * Every image in `folder` and the folders in it, in code point order of their paths; hidden files are left out. Links to images are
 * followed, links to folders are not. Headers are read, pixels are not. Throws a Problem when the folder can't be read or holds no image, or a file named as one is none.
 */
export async function listImages(folder: string): Promise<readonly FoundImage[]> {
  const files = await imageFiles(folder)
  if (files.length === 0) {
    throw cannot('use images', 'images', `a folder with images (${[...extensions].join(' ')})`, folder)
  }
  const found: FoundImage[] = []
  for (let at = 0; at < files.length; at += together) {
    found.push(...(await Promise.all(files.slice(at, at + together).map((path) => readHeader(folder, path)))))
  }
  return found
}

async function imageFiles(folder: string): Promise<readonly string[]> {
  const info = await stat(folder).catch(() => undefined)
  if (!info?.isDirectory()) {
    throw cannot('use images', 'images', info ? 'a folder' : 'a folder that is there', folder)
  }
  return [...entriesBelow(folder)]
    .flatMap(({ path }) => (extensions.has(extname(path).toLowerCase()) ? [path] : []))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .sort()
}

async function readHeader(folder: string, path: string): Promise<FoundImage> {
  const absolute = resolve(folder, path)
  const { size } = await stat(absolute)
  const { metadata } = await openImage(absolute, path, 'use images')
  const { width, height } = metadata.autoOrient
  return { path, absolute, bytes: size, width, height, boxes: await yoloBoxes(absolute, { width, height }) }
}
