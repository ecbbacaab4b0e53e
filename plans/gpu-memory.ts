import { definePlan, higher, integer, noWorseThanBaseline, text } from '../lib/index.ts'
import { cuda, presentCuda } from '../tasks/gpu/cuda.ts'
import { largestAllocation, largestBatch, mayHunt, mayHuntBatch } from '../tasks/gpu/hunts.ts'
import { judgeMemoryBack, MemoryBack } from '../tasks/gpu/memory-back.ts'
import { judgeCycles, leastCycles, MemoryCycles } from '../tasks/gpu/memory-cycles.ts'
import { interruptions, mayTrain, memoryAfterTraining } from '../tasks/gpu/memory-training.ts'
import { canKill, canMeter, memoryAfterKill, memoryAfterWork, memoryOfCycles } from '../tasks/gpu/memory-work.ts'
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
    const device = plan.use(gpu(adapter))
    const torch = plan.use(cuda())
    const card = plan.use(cardTelemetry())
    const once = { samples: 1, warmup: 0, budget: '1 h', timeout: '1 h' } as const

    plan.measure({
      name: 'the largest allocation',
      needs: { device },
      ...once,
      metrics: { largest: higher('GiB', noWorseThanBaseline(1.05)) },
      skipUnless: ({ device }) => mayHunt(device),
      run: ({ device }, context) => largestAllocation(presentGpu(device), context),
    })

    plan.measure({
      name: 'the largest batch of a training',
      needs: { device, torch },
      ...once,
      metrics: { largest: higher('images', noWorseThanBaseline(1.05)) },
      skipUnless: ({ device, torch }) => mayHuntBatch(device, torch),
      run: ({ torch }, context) => largestBatch(presentCuda(torch), context),
    })

    const worked = plan.step({
      name: 'run a kernel, hold memory, clean up',
      needs: { device },
      output: MemoryBack,
      exclusive: 'alone',
      skipUnless: ({ device }, context) => canMeter(device, context),
      run: ({ device }, context) => memoryAfterWork(presentGpu(device), triad, context),
    })

    const killed = plan.step({
      name: 'kill a process that holds memory',
      needs: { device },
      output: MemoryBack,
      exclusive: 'alone',
      skipUnless: ({ device }, context) => canKill(device, context),
      run: ({ device }, context) => memoryAfterKill(presentGpu(device), context),
    })

    const interrupted = interruptions.map((signal) =>
      plan.step({
        name: `interrupt a training by ${signal}`,
        needs: { torch, card },
        output: MemoryBack,
        exclusive: 'alone',
        timeout: '10 min',
        skipUnless: ({ torch, card }) => mayTrain(torch, card),
        run: ({ torch, card }, context) => memoryAfterTraining(torch, card, signal, command, context),
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
      needs: { device },
      output: MemoryCycles,
      exclusive: 'alone',
      skipUnless: ({ device }, context) => canMeter(device, context),
      run: ({ device }, context) => memoryOfCycles(presentGpu(device), cycles, context),
    })

    plan.check({
      name: 'no cycle leaks',
      needs: { cycled },
      run: ({ cycled }) => [judgeCycles('memory does not grow', cycled)],
    })
  },
)
