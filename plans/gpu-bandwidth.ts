import { aggregates, namesOf, stream, transfers } from '../benchmarks/gpu/kernels.ts'
import { atLeast, definePlan, higher, integer, noWorseThanBaseline, timesOf } from '../lib/index.ts'
import { comparable, sampleBoth } from '../tasks/gpu/cuda/beside-cuda.ts'
import { cuda } from '../tasks/gpu/cuda/cuda.ts'
import { judgeClocks } from '../tasks/gpu/judge-clocks.ts'
import { judgePeak, peakKnown } from '../tasks/gpu/judge-peak.ts'
import { judgeReleased } from '../tasks/gpu/judge-released.ts'
import { adapterParam } from '../tasks/gpu/params.ts'
import { bandwidthOf, bandwidthsOf, kernelSamples } from '../tasks/gpu/samples/kernel-samples.ts'
import { gpu, nameOf, present } from '../tasks/gpu/service.ts'
import { ArraySize, chooseArrays } from '../tasks/gpu/sizes.ts'
import { baselineFactor } from '../tasks/pipeline/params.ts'

const operations = namesOf(stream)

/** Elements: 256 MiB tell as much of a bus as more of them. */
const mostMoved = 2 ** 26

export default definePlan(
  {
    name: 'gpu-bandwidth',
    kind: 'performance',
    title: "How fast the GPU's memory is: BabelStream, sums and scans, transfers; beside its published peak and CUDA",
    tags: ['gpu'],
    params: {
      adapter: adapterParam(),
      mib: integer(1024, 'MiB of each array, as far as there is room; 256 at most for transfers', { min: 1 }),
      rounds: integer(20, 'samples of each kernel', { min: 1 }),
      ms: integer(100, 'milliseconds that a sample takes', { min: 1 }),
      slower: baselineFactor('1.1', 'the time that a byte takes'),
    },
  },
  (plan, { adapter, mib, rounds, ms, slower }) => {
    const card = plan.use(gpu(adapter))
    const pytorch = plan.use(cuda())
    const sampling = { samples: rounds, warmup: 1 } as const
    const metrics = { bandwidth: higher('GB/s', noWorseThanBaseline(slower)), wall: higher('GB/s') }
    const checked = kernelSamples({ seconds: ms / 1000 })
    const unchecked = kernelSamples({ seconds: ms / 1000, unchecked: true })

    const size = plan.step({
      name: 'choose the size of arrays',
      needs: { card },
      output: ArraySize,
      skipUnless: ({ card }) => present(card),
      run: ({ card }, context) => chooseArrays(card, mib, context),
    })

    const memory = plan.measure({
      name: 'memory bandwidth',
      needs: { card, size },
      variants: operations,
      ...sampling,
      metrics,
      run: async ({ card, size }, context) =>
        bandwidthsOf(await checked.take(card, stream[context.variant], size.elements, context)),
    })
    const right = plan.check({
      name: 'what had its bandwidth measured stayed right',
      needs: { card, memory },
      run: ({ card }) => judgeReleased(card, Object.values(stream)),
    })
    plan.check({
      name: 'timestamps and wall clock agree',
      needs: { card, memory },
      run: ({ card, memory }) =>
        operations.map((name) => judgeClocks(name, { device: memory.bandwidth[name], wall: memory.wall[name] }, card)),
    })
    plan.check({
      name: 'as fast as the card should be',
      needs: { card, memory },
      skipUnless: ({ card }) => peakKnown(card, 'bandwidth'),
      run: ({ card, memory }) => [judgePeak('triad', memory.bandwidth.triad, nameOf(card), 'bandwidth', 0.9)],
    })
    const without = plan.measure({
      name: 'memory bandwidth without bounds checks',
      needs: { card, size, right },
      variants: operations,
      ...sampling,
      metrics,
      run: async ({ card, size }, context) =>
        bandwidthsOf(await unchecked.take(card, stream[context.variant], size.elements, context)),
    })
    plan.check({
      name: 'what ran without bounds checks stayed right',
      needs: { card, without },
      run: ({ card }) => judgeReleased(card, Object.values(stream), true),
    })
    const both = plan.measure({
      name: 'memory bandwidth beside CUDA',
      needs: { card, pytorch, size, right },
      variants: operations,
      ...sampling,
      metrics: { webgpu: higher('GB/s', timesOf('cuda', { atLeast: 0.9 })), cuda: higher('GB/s') },
      derived: {
        'triad over CUDA': {
          ...higher('×', atLeast(0.97, '×')),
          from: ({ webgpu, cuda }) => webgpu.triad / cuda.triad,
        },
      },
      skipUnless: ({ card, pytorch }) => comparable(card, pytorch),
      run: ({ card, pytorch, size }, context) =>
        sampleBoth(
          { card, pytorch, samples: checked, kernel: stream[context.variant], size: size.elements },
          bandwidthOf,
          'GB/s',
          context,
        ),
    })

    const sums = plan.measure({
      name: 'sums and scans',
      needs: { card, size },
      variants: namesOf(aggregates),
      ...sampling,
      metrics,
      run: async ({ card, size }, context) =>
        bandwidthsOf(await checked.take(card, aggregates[context.variant], size.elements, context)),
    })
    plan.check({
      name: 'what summed and scanned stayed right',
      needs: { card, sums },
      run: ({ card }) => judgeReleased(card, Object.values(aggregates)),
    })
    const moved = plan.measure({
      name: 'transfers',
      needs: { card, size },
      variants: namesOf(transfers),
      ...sampling,
      metrics,
      run: async ({ card, size }, context) =>
        bandwidthsOf(await checked.take(card, transfers[context.variant], Math.min(size.elements, mostMoved), context)),
    })

    plan.check({
      name: 'what was transferred stayed right',
      needs: { card, moved },
      run: ({ card }) => judgeReleased(card, Object.values(transfers)),
    })
    plan.check({
      name: 'what ran beside CUDA stayed right',
      needs: { card, pytorch, both },
      run: async ({ card, pytorch }) => [
        ...(await judgeReleased(card, Object.values(stream))),
        ...(await judgeReleased(pytorch, Object.values(stream), false, 'by CUDA ')),
      ],
    })
  },
)
