import { atMost, definePlan, higher, integer, lower, noWorseThanBaseline, text, timesOf } from '../lib/index.ts'
import { starvedAt } from '../tasks/training/judge/starvation.ts'
import { pythonFor } from '../tasks/training/python-for.ts'
import { dataSizes, instanceCounts, Scaling, scalingOf, scalingWords, sizeWords } from '../tasks/training/scaling.ts'
import { trainingPatience } from '../tasks/training/steps/stalled-after.ts'
import {
  resourcesOf,
  speedOf,
  TrainingTrial,
  trainingSamples,
  tryTraining,
  waitingOf,
} from '../tasks/training/training-samples.ts'

/** One instance once more: whether a training does so again. */
const again = '1 again'

export default definePlan(
  {
    name: 'performance-1',
    kind: 'performance',
    title: 'Training: images per second, waiting for data, CPU, memory, and what more instances bring',
    params: {
      train: text('', 'command of your training (default: the reference training)'),
      patience: trainingPatience(),
      counts: dataSizes('1500,3000'),
      instances: instanceCounts(),
      rounds: integer(7, 'samples of each', { min: 1 }),
      seconds: integer(120, 'seconds after which no further round of a measure begins', { min: 1 }),
    },
  },
  (plan, { train: command, patience, counts, instances, rounds, seconds }) => {
    const environment = plan.use(pythonFor(command))

    const trial = plan.step({
      name: 'try the training',
      needs: { environment },
      output: TrainingTrial,
      run: ({ environment: { python } }, context) =>
        tryTraining({ python, command, patience }, { images: Math.min(...counts), instances: 1 }, context),
    })

    for (const images of counts) {
      const samples = trainingSamples(images, { command, patience })
      const variants = [...instances.map(String), again]
      const epoch = plan.measure({
        name: `an epoch of ${sizeWords(images)}`,
        needs: { environment, trial },
        variants,
        samples: rounds,
        warmup: 1,
        budget: `${seconds} s`,
        metrics: { rate: higher('img/s'), time: lower('s', noWorseThanBaseline(1.2)) },
        derived: {
          // In the same rounds, so that what befalls the machine befalls both.
          'time again': {
            ...lower('s', timesOf('time[1]', { atLeast: 0.95, atMost: 1.05 })),
            from: ({ time }) => time[again] ?? Number.NaN,
          },
        },
        skipUnless: ({ trial }) => trial.sees.speed,
        run: async ({ environment: { python } }, context) => speedOf(await samples.take(python, context)),
      })

      // Of the same runs as those that were timed, and of few more where time was up before all rounds.
      const sameRuns = { variants, samples: rounds, warmup: 0, budget: '5 s' } as const
      plan.measure({
        name: `memory and CPU, ${sizeWords(images)}`,
        needs: { environment, trial },
        ...sameRuns,
        metrics: { memory: lower('MB', noWorseThanBaseline(1.1)), cpu: higher('%') },
        skipUnless: ({ trial }) => trial.sees.resources,
        run: async ({ environment: { python } }, context) => resourcesOf(await samples.take(python, context)),
      })

      plan.measure({
        name: `waiting for data, ${sizeWords(images)}`,
        needs: { environment, trial },
        ...sameRuns,
        metrics: { loader: higher('img/s'), waiting: lower('%', atMost(starvedAt, '%')) },
        skipUnless: ({ trial }) => trial.sees.waiting,
        run: async ({ environment: { python } }, context) => waitingOf(await samples.take(python, context)),
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
