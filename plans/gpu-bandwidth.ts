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
import { elementsOf } from '../tasks/gpu/sizes.ts'
import { baselineFactor } from '../tasks/pipeline/params.ts'

const operations = namesOf(stream)

export default definePlan(
  {
    name: 'gpu-bandwidth',
    kind: 'performance',
    title: "How fast the GPU's memory is: BabelStream, sums and scans, transfers; beside its published peak and CUDA",
    tags: ['gpu'],
    params: {
      adapter: adapterParam(),
      mib: integer(1024, 'MiB of each array, as far as the device can have one', { min: 1 }),
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

    const memory = plan.measure({
      name: 'memory bandwidth',
      needs: { card },
      variants: operations,
      ...sampling,
      metrics,
      skipUnless: ({ card }) => present(card),
      run: async ({ card }, context) =>
        bandwidthsOf(await checked.take(card, stream[context.variant], elementsOf(card, mib), context)),
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
      needs: { card, memory },
      variants: operations,
      ...sampling,
      metrics,
      skipUnless: ({ card }) => present(card),
      run: async ({ card }, context) =>
        bandwidthsOf(await unchecked.take(card, stream[context.variant], elementsOf(card, mib), context)),
    })
    const both = plan.measure({
      name: 'memory bandwidth beside CUDA',
      needs: { card, pytorch, memory },
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
      run: ({ card, pytorch }, context) =>
        sampleBoth(
          { card, pytorch, samples: checked, kernel: stream[context.variant], size: elementsOf(card, mib) },
          bandwidthOf,
          'GB/s',
          context,
        ),
    })

    const sums = plan.measure({
      name: 'sums and scans',
      needs: { card },
      variants: namesOf(aggregates),
      ...sampling,
      metrics,
      skipUnless: ({ card }) => present(card),
      run: async ({ card }, context) =>
        bandwidthsOf(await checked.take(card, aggregates[context.variant], elementsOf(card, mib), context)),
    })
    const moved = plan.measure({
      name: 'transfers',
      needs: { card },
      variants: namesOf(transfers),
      ...sampling,
      metrics,
      skipUnless: ({ card }) => present(card),
      run: async ({ card }, context) =>
        bandwidthsOf(
          await checked.take(card, transfers[context.variant], elementsOf(card, Math.min(mib, 256)), context),
        ),
    })

    plan.check({
      name: 'what was timed stayed right',
      needs: { card, all: [memory, without, sums, moved] },
      run: ({ card }) => judgeReleased(card),
    })
    plan.check({
      name: 'what was timed beside CUDA stayed right',
      needs: { card, both },
      run: ({ card }) => judgeReleased(card),
    })
  },
)
