import { definePlan, higher, integer, noWorseThanBaseline, text } from '../lib/index.ts'
import { cuda, presentCuda } from '../tasks/gpu/cuda/cuda.ts'
import { largestAllocation, largestBatch, mayHunt, mayHuntBatch } from '../tasks/gpu/memory/hunts.ts'
import { judgeMemoryBack, MemoryBack } from '../tasks/gpu/memory/memory-back.ts'
import { judgeCycles, leastCycles, MemoryCycles } from '../tasks/gpu/memory/memory-cycles.ts'
import { interruptions, mayTrain, memoryAfterTraining } from '../tasks/gpu/memory/memory-training.ts'
import { canKill, canMeter, memoryAfterKill, memoryAfterWork, memoryOfCycles } from '../tasks/gpu/memory/memory-work.ts'
import { adapterParam } from '../tasks/gpu/params.ts'
import { gpu, presentGpu } from '../tasks/gpu/service.ts'
import { cardTelemetry } from '../tasks/gpu/telemetry/service.ts'

const triad = new URL('../benchmarks/gpu/stream-triad.ts', import.meta.url)

export default definePlan(
  {
    name: 'gpu-memory',
    kind: 'functional',
    title: "The GPU's memory: how much of it can be had, and whether all comes back",
    tags: ['gpu'],
    params: {
      adapter: adapterParam(),
      cycles: integer(1000, 'buffers that are created and destroyed', { min: leastCycles }),
      train: text('', 'command of your training, which is interrupted (default: the reference training)'),
    },
  },
  (plan, { adapter, cycles, train: command }) => {
    const card = plan.use(gpu(adapter))
    const pytorch = plan.use(cuda())
    const telemetry = plan.use(cardTelemetry())
    const once = { samples: 1, warmup: 0, budget: '1 h', timeout: '1 h' } as const

    plan.measure({
      name: 'the largest allocation',
      needs: { card },
      ...once,
      metrics: { largest: higher('GiB', noWorseThanBaseline(1.05)) },
      skipUnless: ({ card }) => mayHunt(card),
      run: ({ card }, context) => largestAllocation(presentGpu(card), context),
    })

    plan.measure({
      name: 'the largest batch of a training',
      needs: { card, pytorch },
      ...once,
      metrics: { largest: higher('images', noWorseThanBaseline(1.05)) },
      skipUnless: ({ card, pytorch }) => mayHuntBatch(card, pytorch),
      run: ({ pytorch }, context) => largestBatch(presentCuda(pytorch), context),
    })

    const worked = plan.step({
      name: 'run a kernel, hold memory, clean up',
      needs: { card },
      output: MemoryBack,
      exclusive: 'alone',
      skipUnless: ({ card }) => canMeter(card),
      run: ({ card }, context) => memoryAfterWork(presentGpu(card), triad, context),
    })

    const killed = plan.step({
      name: 'kill a process that holds memory',
      needs: { card },
      output: MemoryBack,
      exclusive: 'alone',
      skipUnless: ({ card }) => canKill(card),
      run: ({ card }, context) => memoryAfterKill(presentGpu(card), context),
    })

    const interrupted = interruptions.map((signal) =>
      plan.step({
        name: `interrupt a training by ${signal}`,
        needs: { pytorch, telemetry },
        output: MemoryBack,
        exclusive: 'alone',
        timeout: '10 min',
        skipUnless: ({ pytorch, telemetry }) => mayTrain(pytorch, telemetry),
        run: ({ pytorch, telemetry }, context) => memoryAfterTraining(pytorch, telemetry, signal, command, context),
      }),
    )

    for (const [name, back] of [
      ['work', worked],
      ['a killed process', killed],
      ...interrupted.map((back, at) => [`a training ended by ${interruptions[at]}`, back] as const),
    ] as const)
      plan.check({
        name: `memory is back after ${name}`,
        needs: { back },
        run: ({ back }) => [judgeMemoryBack('memory is back at its baseline', back)],
      })

    const cycled = plan.step({
      name: `create and destroy ${cycles.toLocaleString('en')} buffers`,
      needs: { card },
      output: MemoryCycles,
      exclusive: 'alone',
      skipUnless: ({ card }) => canMeter(card),
      run: ({ card }, context) => memoryOfCycles(presentGpu(card), cycles, context),
    })

    plan.check({
      name: 'no cycle leaks',
      needs: { cycled },
      run: ({ cycled }) => [judgeCycles('memory does not grow', cycled)],
    })
  },
)
