import { arithmetic, atomics, latencies, namesOf } from '../benchmarks/gpu/kernels.ts'
import { definePlan, higher, integer, lower, noWorseThanBaseline, quantity, timesOf } from '../lib/index.ts'
import { comparable, sampleBoth } from '../tasks/gpu/cuda/beside-cuda.ts'
import { cuda } from '../tasks/gpu/cuda/cuda.ts'
import { judgePeak, peakKnown } from '../tasks/gpu/judge-peak.ts'
import { judgeReleased } from '../tasks/gpu/judge-released.ts'
import { adapterParam } from '../tasks/gpu/params.ts'
import { countRateOf, flopRateOf, kernelSamples, latencyOf } from '../tasks/gpu/samples/kernel-samples.ts'
import { capable, gpu, nameOf, present } from '../tasks/gpu/service.ts'
import { chooseWork, WorkSize } from '../tasks/gpu/sizes.ts'
import { baselineFactor } from '../tasks/pipeline/params.ts'

export default definePlan(
  {
    name: 'gpu-compute',
    kind: 'performance',
    title: 'How fast the GPU computes: multiply-adds, matrices, launches, atomics; beside its published peak and CUDA',
    tags: ['gpu'],
    params: {
      adapter: adapterParam(),
      edge: integer(4096, 'edge of the square matrices', { min: 1 }),
      rounds: integer(20, 'samples of each kernel', { min: 1 }),
      ms: integer(100, 'milliseconds that a sample takes', { min: 1 }),
      slower: baselineFactor('1.1', 'the time of an operation'),
    },
  },
  (plan, { adapter, edge, rounds, ms, slower }) => {
    const card = plan.use(gpu(adapter))
    const pytorch = plan.use(cuda())
    const sampling = { samples: rounds, warmup: 1 } as const
    const samples = kernelSamples({ seconds: ms / 1000 })

    const work = plan.step({
      name: 'choose the size of the work',
      needs: { card },
      output: WorkSize,
      skipUnless: ({ card }) => present(card),
      run: ({ card }, context) => chooseWork(card, edge, context),
    })

    for (const { name, kernel, size, needs, peak, cublas } of arithmetic) {
      const rate = plan.measure({
        name,
        needs: { card, work },
        ...sampling,
        metrics: { rate: higher('TFLOP/s', noWorseThanBaseline(slower)) },
        skipUnless: ({ card }) => capable(card, needs),
        run: async ({ card, work }, context) => ({
          rate: quantity(flopRateOf(await samples.take(card, kernel, work[size], context)), 'TFLOP/s'),
        }),
      })
      const right = plan.check({
        name: `${name} stayed right`,
        needs: { card, rate },
        run: ({ card }) => judgeReleased(card, [kernel]),
      })
      if (peak !== undefined)
        plan.check({
          name: `${name} is as fast as the card should be`,
          needs: { card, rate },
          skipUnless: ({ card }) => peakKnown(card, peak.figure),
          run: ({ card, rate }) => [judgePeak(name, rate.rate, nameOf(card), peak.figure, peak.share)],
        })
      if (cublas === undefined) continue
      const both = plan.measure({
        name: `${name} beside CUDA`,
        needs: { card, pytorch, work, right },
        ...sampling,
        metrics: { webgpu: higher('TFLOP/s', timesOf('cuda', { atLeast: cublas })), cuda: higher('TFLOP/s') },
        skipUnless: ({ card, pytorch }) => comparable(card, pytorch),
        run: ({ card, pytorch, work }, context) =>
          sampleBoth({ card, pytorch, samples, kernel, size: work[size] }, flopRateOf, 'TFLOP/s', context),
      })
      plan.check({
        name: `${name} beside CUDA stayed right`,
        needs: { card, pytorch, both },
        run: async ({ card, pytorch }) => [
          ...(await judgeReleased(card, [kernel])),
          ...(await judgeReleased(pytorch, [kernel], false, 'by CUDA ')),
        ],
      })
    }

    const launches = plan.measure({
      name: 'launches',
      needs: { card },
      variants: namesOf(latencies),
      ...sampling,
      metrics: { latency: lower('us', noWorseThanBaseline(slower)) },
      skipUnless: ({ card }) => present(card),
      run: async ({ card }, context) => ({
        latency: quantity(latencyOf(await samples.take(card, latencies[context.variant], 1000, context)), 'us'),
      }),
    })
    const launched = plan.check({
      name: 'launches stayed right',
      needs: { card, launches },
      run: ({ card }) => judgeReleased(card, Object.values(latencies)),
    })
    plan.measure({
      name: 'launches beside CUDA',
      needs: { card, pytorch, launched },
      variants: ['submit', 'dispatch'],
      ...sampling,
      metrics: { webgpu: lower('us'), cuda: lower('us') },
      derived: {
        // What is told, and held against nothing.
        'submit over CUDA': { ...lower('×'), from: ({ webgpu, cuda }) => webgpu.submit / cuda.submit },
        'dispatch over CUDA': { ...lower('×'), from: ({ webgpu, cuda }) => webgpu.dispatch / cuda.dispatch },
      },
      skipUnless: ({ card, pytorch }) => comparable(card, pytorch),
      run: ({ card, pytorch }, context) =>
        sampleBoth(
          { card, pytorch, samples, kernel: latencies[context.variant], size: 1000 },
          latencyOf,
          'us',
          context,
        ),
    })
    const added = plan.measure({
      name: 'atomic additions',
      needs: { card, work },
      variants: namesOf(atomics),
      ...sampling,
      metrics: { rate: higher('Gop/s', noWorseThanBaseline(slower)) },
      run: async ({ card, work }, context) => ({
        rate: quantity(
          countRateOf(await samples.take(card, atomics[context.variant], work.additions, context)),
          'Gop/s',
        ),
      }),
    })

    plan.check({
      name: 'atomic additions stayed right',
      needs: { card, added },
      run: ({ card }) => judgeReleased(card, Object.values(atomics)),
    })
  },
)
