import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { defineTask, integer, path } from '../../lib/index.ts'

export default defineTask({
  name: 'draw',
  title: 'Draws the sample images into a folder',
  options: {
    out: path(undefined, 'folder to write them to; it is made when it is not there'),
    seed: integer(1, 'the same seed draws the same images'),
  },
  async run({ out, seed }, { progress }) {
    const { drawSamples } = await import('./samples.ts')
    const samples = await drawSamples(seed)
    for (const [index, { path, bytes }] of samples.entries()) {
      const file = join(out, path)
      await mkdir(dirname(file), { recursive: true })
      await Bun.write(file, bytes)
      progress(`${index + 1} of ${samples.length} images`)
    }
    const bytes = samples.reduce((sum, sample) => sum + sample.bytes.length, 0)
    return { folder: out, images: samples.length, bytes }
  },
})
