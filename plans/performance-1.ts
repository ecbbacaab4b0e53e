import { atMost, definePlan, higher, integer, lower, noWorseThanBaseline, text, timesOf } from '../lib/index.ts'
import { pythonFor } from '../tasks/training/python-for.ts'
import { dataSizes, instanceCounts, Scaling, scalingOf, scalingWords, sizeWords } from '../tasks/training/scaling.ts'
import { starvedAt } from '../tasks/training/starvation.ts'
import { epochOf, sampleTraining } from '../tasks/training/train-sample.ts'

/** One instance once more: whether a training does so again. */
const again = '1 again'

export default definePlan(
  {
    name: 'performance-1',
    kind: 'performance',
    title: 'Training: images per second, waiting for data, CPU, memory, and what more instances bring',
    params: {
      train: text('', 'command of your training (default: the reference training)'),
      counts: dataSizes('1500,3000'),
      instances: instanceCounts(),
      rounds: integer(7, 'samples of each', { min: 1 }),
      seconds: integer(120, 'seconds after which no further round of a measure begins', { min: 1 }),
    },
  },
  (plan, { train: command, counts, instances, rounds, seconds }) => {
    const environment = plan.use(pythonFor(command))

    for (const images of counts) {
      const epoch = plan.measure({
        name: `an epoch of ${sizeWords(images)}`,
        needs: { environment },
        variants: [...instances.map(String), again],
        samples: rounds,
        warmup: 1,
        budget: `${seconds} s`,
        metrics: {
          rate: higher('img/s'),
          time: lower('s', noWorseThanBaseline(1.2)),
          loader: higher('img/s'),
          waiting: lower('%', atMost(starvedAt, '%')),
          cpu: higher('%'),
          memory: lower('MB', noWorseThanBaseline(1.1)),
        },
        derived: {
          // In the same rounds, so that what befalls the machine befalls both.
          'time again': {
            ...lower('s', timesOf('time[1]', { atLeast: 0.95, atMost: 1.05 })),
            from: ({ time }) => time[again] ?? Number.NaN,
          },
        },
        run: ({ environment: { python } }, context) =>
          sampleTraining(
            { python, command, variables: epochOf(images, Number.parseInt(context.variant, 10)) },
            context,
          ),
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
    }
  },
)
