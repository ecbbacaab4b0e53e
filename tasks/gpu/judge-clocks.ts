import { type Finding, undecided } from '../../lib/index.ts'
import { quantile } from '../../lib/stats/quantile.ts'
import type { GpuClient } from './service.ts'

/** As a share: further apart, one of the clocks does not tell what the other does. */
const apart = 0.02

/**
 * Whether the device's timestamps and the wall clock tell the same, by rates of the same samples; where they do not, either timestamps are
 * not what they seem, or the samples are so short that what is around them shows. Undecided: the numbers stand, with a flag.
 */
export function judgeClocks(
  kernel: string,
  rates: { readonly device: readonly number[]; readonly wall: readonly number[] },
  gpu: GpuClient,
): Finding {
  const name = `${kernel}: the device's clock and the wall clock agree`
  if (gpu.kind === 'present' && !gpu.facts.features.includes('timestamp-query'))
    return undecided(name, 'the device has no timestamps')
  const ratios = rates.device.flatMap((rate, at) => {
    const wall = rates.wall[at]
    return wall === undefined ? [] : [rate / wall - 1]
  })
  const off = quantile(ratios, 0.5)
  if (Math.abs(off) <= apart) return { name, verdict: 'pass' }
  const percent = `${Number((100 * Math.abs(off)).toPrecision(2))} %`
  return undecided(name, `by the wall clock the median sample takes ${percent} ${off > 0 ? 'longer' : 'less time'}`)
}
