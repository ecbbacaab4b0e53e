import type { Figure } from '../noise-floor.ts'
import { figureOf, samplesFor, timed } from './sampling.ts'

// More than the caches of most processors hold.
const size = 128 << 20

/** How fast one core copies memory; each byte is counted once. */
export function memoryFigures(seconds: number): readonly Figure[] {
  // Filled, so that every page is there before the first copy.
  const [from, to] = [new Uint8Array(size).fill(1), new Uint8Array(size).fill(2)]
  const rates = samplesFor(seconds, 200, () => size / timed(() => to.set(from)) / 1e9)
  return [figureOf(`memory: copying ${size >> 20} MiB`, 'GB/s', rates)]
}
