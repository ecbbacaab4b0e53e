// What one night would keep of a fixed work: the median of fifteen normalisations to 480p, in a process of its own.
import { quantile } from '../../lib/stats/quantile.ts'
import { normalize } from '../../tasks/images/normalize.ts'
import { drawPhoto } from '../../tasks/images/samples.ts'
import { parseSizes } from '../../tasks/images/sizes.ts'

const photo = await drawPhoto({ width: 1600, height: 1200, seed: 1 })
const sizes = parseSizes('480p')
const policy = { sizes, fit: 'contain', background: '#ffffff', format: 'jpeg', quality: 85 } as const
const times: number[] = []
for (let i = 0; i < 20; i++) {
  const start = performance.now()
  await normalize(photo, policy)
  times.push(performance.now() - start)
}
console.log(quantile(times.slice(5), 0.5))
