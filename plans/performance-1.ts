import { definePlan, higher, integer, lower, noWorseThanBaseline, text, timesOf } from '../lib/index.ts'
import { pythonFor } from '../tasks/training/python-for.ts'
import {
  dataSizes,
  instanceCounts,
  instancesHere,
  Scaling,
  scalingOf,
  scalingWords,
  sizeWords,
} from '../tasks/training/scaling.ts'
import { epochOf, sampleTraining } from '../tasks/training/train-sample.ts'

export default definePlan(
  {
    name: 'performance-1',
    kind: 'performance',
    title: 'Training: images per second, waiting for data, CPU, memory, and what more instances bring',
    params: {
      train: text('', 'command of your training (default: the reference training)'),
      counts: dataSizes('1500,3000'),
      instances: instanceCounts('1,2,4,8'),
      rounds: integer(8, 'samples of each', { min: 1 }),
      seconds: integer(120, 'seconds after which no further round of a measure begins', { min: 1 }),
    },
  },
  (plan, { train: command, counts, instances, rounds, seconds }) => {
    const environment = plan.use(pythonFor(command))
    const here = instancesHere(instances, process.env)
    const rule = { samples: rounds, warmup: 1, budget: `${seconds} s` } as const

    for (const images of counts) {
      const epoch = plan.measure({
        name: `an epoch of ${sizeWords(images)}`,
        needs: { environment },
        variants: here.map(String),
        ...rule,
        metrics: {
          rate: higher('img/s'),
          time: lower('s', noWorseThanBaseline(1.2)),
          loader: higher('img/s'),
          waiting: lower('%'),
          cpu: higher('%'),
          memory: lower('MB', noWorseThanBaseline(1.1)),
        },
        run: ({ environment: { python } }, context) =>
          sampleTraining({ python, command, variables: epochOf(images, Number(context.variant)) }, context),
      })

      plan.step({
        name: `what more instances bring to ${sizeWords(images)}`,
        needs: { epoch },
        output: Scaling,
        run: ({ epoch }, { progress }) => {
          const scaling = scalingOf(epoch.rate)
          progress(scalingWords(scaling))
          return scaling
        },
      })

      plan.measure({
        name: `an epoch of ${sizeWords(images)} once more`,
        needs: { environment, epoch },
        ...rule,
        metrics: { rate: higher('img/s', timesOf('epoch.rate[1]', { atLeast: 0.95, atMost: 1.05 })) },
        run: async ({ environment: { python } }, context) => {
          const { rate } = await sampleTraining({ python, command, variables: epochOf(images, 1) }, context)
          return { rate }
        },
      })
    }
  },
)
