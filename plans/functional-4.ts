import { definePlan, equal, integer, text } from '../lib/index.ts'
import { runInference } from '../tasks/inference/inference.ts'
import { judgeInference } from '../tasks/inference/judge.ts'
import { InferenceReport } from '../tasks/inference/report.ts'
import { mlflow } from '../tasks/mlflow/service.ts'
import { objectStore } from '../tasks/object-store/service.ts'
import { judgeDied, judgeShown } from '../tasks/training/judge/judge-shown.ts'
import { pythonFor } from '../tasks/training/python-for.ts'
import { readShown, Shown, trackedBy } from '../tasks/training/shown.ts'
import { judgeAccuracy, UploadedImages, uploadStaged } from '../tasks/training/staged-images.ts'
import { trainingPatience } from '../tasks/training/steps/stalled-after.ts'
import { Left, train, trainUntil } from '../tasks/training/train.ts'
import { Trained } from '../tasks/training/trained.ts'

/** What the reference training learns to tell apart. */
const digits = [...'0123456789']

export default definePlan(
  {
    name: 'functional-4',
    kind: 'functional',
    title: 'A minimal training, what MLflow shows of it, and a model that predicts',
    params: {
      train: text('', 'command of your training (default: the reference training)'),
      patience: trainingPatience(),
      infer: text('', 'command of your inference (default: the reference inference)'),
      epochs: integer(3, 'how often every image is seen', { min: 1 }),
      count: integer(30, 'images to predict', { min: 1 }),
    },
  },
  (plan, { train: command, patience, infer, epochs, count }) => {
    const environment = plan.use(pythonFor(command, infer))
    const tracking = plan.use(mlflow())
    const store = plan.use(objectStore({ buckets: ['inference', 'hitl', 'output'] }))
    const given = { EPOCHS: String(epochs), BATCH_SIZE: '32', LEARNING_RATE: '0.003' }

    const trained = plan.step({
      name: 'launch a minimal training',
      needs: { environment, tracking },
      output: Trained,
      run: ({ environment: { python }, tracking }, context) =>
        train(
          { python, command, patience, variables: { ...given, ...trackedBy(tracking, 'minimal', context) } },
          context,
        ),
    })
    const shown = plan.step({
      name: 'read it back from MLflow',
      needs: { tracking, trained },
      output: Shown,
      run: ({ tracking }, context) => readShown(tracking, 'minimal', context),
    })
    plan.check({
      name: 'MLflow shows what the training did',
      needs: { trained, shown },
      run: ({ trained, shown }) => judgeShown(shown, trained, given),
    })

    const uploaded = plan.step({
      name: 'upload images to predict',
      needs: { store, trained },
      output: UploadedImages,
      run: ({ store, trained }, context) => uploadStaged(store, trained, count, context),
    })
    const predicted = plan.step({
      name: 'predict with the registered model',
      needs: { environment, tracking, store, shown, uploaded },
      output: InferenceReport,
      run: ({ environment: { python }, tracking, store, shown, uploaded }, context) =>
        runInference(
          {
            ...{ store, input: uploaded, python, command: infer, mode: 'poll' },
            model: {
              ...{ kind: 'registered', name: shown.model, environment: tracking.environment },
              version: shown.versions[0]?.version,
              classes: command === '' ? digits : undefined,
            },
          },
          context,
        ),
    })
    plan.check({
      name: 'the registered model loads and predicts',
      needs: { predicted },
      run: ({ predicted }) => [...judgeInference(predicted), judgeAccuracy(predicted, digits.length)],
    })

    const killed = plan.step({
      name: 'kill a training',
      needs: { environment, tracking, trained },
      output: Left,
      run: ({ environment: { python }, tracking }, context) => {
        const variables = { ...given, ...trackedBy(tracking, 'killed', context) }
        return trainUntil({ python, command, patience, variables }, { signal: 'SIGKILL', at: 5 }, context)
      },
    })
    const shownKilled = plan.step({
      name: 'read the killed one back from MLflow',
      needs: { tracking, killed },
      output: Shown,
      run: ({ tracking }, context) => readShown(tracking, 'killed', context),
    })
    plan.check({
      name: 'MLflow shows that the training died',
      needs: { killed, shownKilled },
      run: ({ killed, shownKilled }) => [equal('the training was', killed.how, 'killed'), ...judgeDied(shownKilled)],
    })
  },
)
