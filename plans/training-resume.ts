import { definePlan, integer, path, text } from '../lib/index.ts'
import { damageNewest } from '../tasks/training/damage.ts'
import { CheckpointTimes, checkpointTimes, checkpointWords } from '../tasks/training/judge/checkpoint-times.ts'
import { defects, judgeDefects, Planted, trainWithDefect } from '../tasks/training/judge/defects.ts'
import { holdAgainstGolden } from '../tasks/training/judge/golden-file.ts'
import {
  bandOfTrainings,
  checkpointFiles,
  judgeInterruptions,
  judgeRepeat,
  judgeResume,
  judgeTraining,
} from '../tasks/training/judge/judge-resume.ts'
import { trainWithoutRoom } from '../tasks/training/no-room.ts'
import { pythonFor } from '../tasks/training/python-for.ts'
import { configurations, interruptionsOf, smallTraining } from '../tasks/training/resume-settings.ts'
import { trainingPatience } from '../tasks/training/steps/stalled-after.ts'
import { type Interruption, Left, train, trainInterrupted, trainUntil } from '../tasks/training/train.ts'
import { Interrupted, Trained } from '../tasks/training/trained.ts'
import type { TrainingVariables } from '../tasks/training/variables.ts'

export default definePlan(
  {
    name: 'training-resume',
    kind: 'functional',
    title: 'A training that is interrupted comes to what the unbroken one does',
    params: {
      train: text('', 'command of your training (default: the reference training)'),
      patience: trainingPatience(),
      steps: integer(48, 'steps of each training', { min: 40 }),
      every: integer(8, 'steps from one checkpoint to the next', { min: 2 }),
      golden: path('', 'file of a golden loss curve to hold the training against; made where there is none'),
    },
  },
  (plan, { train: command, patience, steps, every, golden }) => {
    const environment = plan.use(pythonFor(command))
    const variables = smallTraining(steps, every)
    const killed: Interruption = { signal: 'SIGKILL', at: Math.floor(2.5 * every) }
    const reference = () => command === '' || 'it takes the reference training'

    const unbroken = plan.step({
      name: 'train from scratch',
      needs: { environment },
      output: Trained,
      run: ({ environment: { python } }, context) => train({ python, command, patience, variables }, context),
    })
    // After the first one: a command that is no training is told once.
    const needs = { environment, unbroken }
    const unbrokenBy = (name: string, more: TrainingVariables = {}) =>
      plan.step({
        name,
        needs,
        output: Trained,
        run: ({ environment: { python } }, context) =>
          train({ python, command, patience, variables: { ...variables, ...more } }, context),
      })
    const interruptedBy = (name: string, interruptions: readonly Interruption[], more: TrainingVariables = {}) =>
      plan.step({
        name,
        needs,
        output: Interrupted,
        run: ({ environment: { python } }, context) =>
          trainInterrupted({ python, command, patience, variables: { ...variables, ...more } }, interruptions, context),
      })

    const repeated = unbrokenBy('train from scratch once more')
    plan.check({
      name: 'checkpoints are whole, and the loss falls',
      needs: { unbroken },
      run: ({ unbroken }) => judgeTraining(unbroken, { steps, every }, command === '' ? checkpointFiles : []),
    })
    plan.check({
      name: 'it does the same again',
      needs: { unbroken, repeated },
      run: ({ unbroken, repeated }) => judgeRepeat(unbroken, repeated),
    })

    if (golden !== '')
      plan.check({
        name: 'it is the golden training',
        needs: { unbroken, repeated },
        run: async ({ unbroken, repeated }) => [await holdAgainstGolden(golden, unbroken, [repeated])],
      })

    const unvalidated = unbrokenBy('train without validation', { VALIDATE: 'no' })
    plan.check({
      name: 'validation changes no weight',
      needs: { unbroken, repeated, unvalidated },
      run: ({ unbroken, repeated, unvalidated }) =>
        judgeResume(unbroken, unvalidated, bandOfTrainings([unbroken, repeated])),
    })

    const interruptions = Object.entries(interruptionsOf(steps, every)).map(
      ([name, interruptions]) => [name, interruptions, interruptedBy(name, interruptions)] as const,
    )
    for (const [name, given, interrupted] of interruptions) {
      plan.check({
        name: `${name} it is the unbroken training`,
        needs: { unbroken, repeated, interrupted },
        run: ({ unbroken, repeated, interrupted }) => [
          ...judgeInterruptions(interrupted, given),
          ...judgeResume(unbroken, interrupted, bandOfTrainings([unbroken, repeated])),
        ],
      })
    }

    for (const [name, more] of Object.entries(configurations)) {
      const whole = unbrokenBy(`train with ${name}`, more)
      const interrupted = interruptedBy(`with ${name}, interrupted`, [killed], more)
      plan.check({
        name: `with ${name} it is the unbroken training`,
        needs: { whole, interrupted },
        run: ({ whole, interrupted }) => [
          ...judgeInterruptions(interrupted, [killed]),
          ...judgeResume(whole, interrupted, bandOfTrainings([whole])),
        ],
      })
    }

    plan.step({
      name: 'what checkpoints take',
      needs: { unbroken: [unbroken, repeated], interrupted: interruptions.map(([, , interrupted]) => interrupted) },
      output: CheckpointTimes,
      run({ unbroken, interrupted }, { progress }) {
        const times = checkpointTimes([...unbroken, ...interrupted])
        progress(checkpointWords(times))
        return times
      },
    })

    const damaged = plan.step({
      name: 'its newest checkpoint damaged',
      needs,
      output: Interrupted,
      run: ({ environment: { python } }, context) =>
        trainInterrupted({ python, command, patience, variables }, [killed], context, damageNewest),
    })
    plan.check({
      name: 'a damaged checkpoint is told, and the one before it used',
      needs: { unbroken, repeated, damaged },
      run: ({ unbroken, repeated, damaged }) => [
        ...judgeInterruptions(damaged, [killed], { damaged: true }),
        ...judgeResume(unbroken, damaged, bandOfTrainings([unbroken, repeated])),
      ],
    })

    const left = plan.step({
      name: 'train until it is killed',
      needs,
      output: Left,
      skipUnless: reference,
      run: ({ environment: { python } }, context) => trainUntil({ python, variables }, killed, context),
    })
    const unroomed = plan.step({
      name: 'no room for a checkpoint',
      needs: { environment, left },
      output: Trained,
      run: ({ environment: { python }, left }, context) =>
        trainWithoutRoom(left.folder, { python, variables }, context),
    })
    plan.check({
      name: 'a full disk harms no checkpoint that is there',
      needs: { unbroken, unroomed },
      run: ({ unbroken, unroomed }) => judgeResume(unbroken, unroomed, bandOfTrainings([unbroken])),
    })

    const planted = (['none', ...defects] as const).map((defect) =>
      plan.step({
        name: `resume with ${defect === 'none' ? 'no defect' : defect}`,
        needs: { environment, left },
        output: Planted,
        run: ({ environment: { python }, left }, context) =>
          trainWithDefect(defect, left.folder, { python, variables }, context),
      }),
    )
    plan.check({
      name: 'each defect in resuming is seen',
      needs: { unbroken, planted },
      run: ({ unbroken, planted }) => judgeDefects(unbroken, planted),
    })
  },
)
