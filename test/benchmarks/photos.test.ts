import { expect, test } from 'bun:test'
import sharp from 'sharp'
import { photoSets } from '../../benchmarks/photos.ts'

test('photoSets() has the same photo as a small and as a large file, and says how large', async () => {
  const sets = await photoSets(1)
  expect(sets.map(({ size }) => size)).toEqual(['1.5 MB', '2.9 MB'])
  for (const { photos } of sets)
    for (const photo of photos) expect(await sharp(photo).metadata()).toMatchObject({ width: 4032, height: 3024 })
}, 60_000)
