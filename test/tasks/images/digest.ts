import { createHash } from 'node:crypto'
import { augment } from '../../../tasks/images/augment.ts'
import { drawSamples } from '../../../tasks/images/samples.ts'
import { landmark } from './pictures.ts'

const [what, seed = '1'] = process.argv.slice(2)
const hash = createHash('sha256')
if (what === 'samples') {
  for (const sample of await drawSamples(Number(seed)))
    hash.update(`${sample.path} ${JSON.stringify(sample.boxes)}`).update(sample.bytes)
} else {
  for (const format of ['jpeg', 'png', 'webp'] as const) {
    const source = await landmark(320, 240).toFormat(format).toBuffer()
    const boxes = [{ label: 'a', x: 10, y: 20, width: 100, height: 50 }]
    for (const { bytes, ...rest } of await augment(source, {
      key: 's3://raw/a',
      seed: Number(seed),
      variants: 12,
      boxes,
    })) {
      hash.update(JSON.stringify(rest)).update(bytes)
    }
  }
}
console.log(hash.digest('hex'))
