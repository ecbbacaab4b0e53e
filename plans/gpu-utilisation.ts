import { definePlan, higher, integer, lower, text } from '../lib/index.ts'
import { cardTelemetry } from '../tasks/gpu/telemetry/service.ts'
import { canWatch, judgeUtilisation, WatchedCard, watchedCard, watchTraining } from '../tasks/gpu/utilisation.ts'
import { pythonFor } from '../tasks/training/python-for.ts'
import { trainingPatience } from '../tasks/training/steps/stalled-after.ts'
import { epochOf } from '../tasks/training/train-sample.ts'

export default definePlan(
  {
    name: 'gpu-utilisation',
    kind: 'performance',
    title: 'How busy a training keeps the GPU, how full, and how hot',
    tags: ['gpu'],
    params: {
      train: text('', 'command of your training (default: the reference training)'),
      patience: trainingPatience(),
      images: integer(100_000, 'images of an epoch', { min: 1 }),
      rounds: integer(3, 'trainings that are watched', { min: 1 }),
      seconds: integer(600, 'seconds after which no further one begins', { min: 1 }),
    },
  },
  (plan, { train: command, patience, images, rounds, seconds }) => {
    const telemetry = plan.use(cardTelemetry())
    const environment = plan.use(pythonFor(command))

    const card = plan.step({
      name: 'find the card',
      needs: { telemetry },
      output: WatchedCard,
      skipUnless: ({ telemetry }) => canWatch(telemetry),
      run: ({ telemetry }) => watchedCard(telemetry),
    })

    const training = plan.measure({
      name: 'watch the card while a training runs',
      needs: { card, telemetry, environment },
      samples: rounds,
      warmup: 0,
      budget: `${seconds} s`,
      metrics: { busy: higher('%'), memory: lower('%'), temperature: lower('°C') },
      run: ({ telemetry, environment: { python } }, context) =>
        watchTraining({ python, command, patience, variables: epochOf(images, 1) }, telemetry, context),
    })

    plan.check({
      name: 'the card is well used, and safe',
      needs: { training },
      run: ({ training }) => judgeUtilisation(training),
    })
  },
)
