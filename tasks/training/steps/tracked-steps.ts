import { messageOf, Problem } from '../../../lib/index.ts'
import { addressFromEnv } from '../../mlflow/address.ts'
import type { Metric } from '../../mlflow/batches.ts'
import type { MlflowClient, MlflowRun } from '../../mlflow/client.ts'
import { connectMlflow } from '../../mlflow/connect.ts'
import type { Loss, StepLine } from './progress.ts'

/** What MLflow shows of the steps of one sitting. */
export interface TrackedSteps {
  readonly steps: readonly StepLine[]
  /** The run they are read from; absent where the training made none. */
  readonly tracked?: { readonly run: string; readonly experiment: string; readonly uri: string }
  /** Why they could not be read. */
  readonly trouble?: string
}

export interface TrackedFollower {
  /** Reads once more what is there, unless the signal is aborted, and looks no more. */
  end(): Promise<TrackedSteps>
}

export interface FollowTrackedOptions {
  readonly signal: AbortSignal
  /** Whether steps are still wanted from here: not once the training tells of them itself. */
  wanted(): boolean
  /** Gets each step as it is seen. */
  onStep(step: StepLine): void
}

/** Milliseconds between two looks, and how many times as long as the last look took they are at least: a server has others to serve. */
const [pause, share] = [500, 10]
const patience = 5000

/**
 * Follows a training by what MLflow shows of it, where it is told of a server and of an experiment by `env`; undefined where it is not.
 * Nothing is made there.
 */
export function followTracked(
  env: Readonly<Record<string, string>>,
  options: FollowTrackedOptions,
): TrackedFollower | undefined {
  const { MLFLOW_EXPERIMENT_NAME, MLFLOW_EXPERIMENT, MLFLOW_TRACKING_URI, MLFLOW_TRACKING_URL } = env
  const experiment = MLFLOW_EXPERIMENT_NAME || MLFLOW_EXPERIMENT
  const uri = MLFLOW_TRACKING_URI || MLFLOW_TRACKING_URL
  if (!experiment || !uri) return undefined
  const address = addressFromEnv({ ...env, MLFLOW_TRACKING_URI: uri })
  return follow(connectMlflow(address, { deadline: patience, patience, signal: options.signal }), experiment, options)
}

function follow(
  client: MlflowClient,
  experiment: string,
  { signal, wanted, onStep }: FollowTrackedOptions,
): TrackedFollower {
  // Of this machine's clock, which is that of the training as well.
  const from = Date.now()
  let latest: TrackedSteps = { steps: [] }
  let told = 0
  const look = async () => {
    try {
      latest = await readTracked(client, experiment, from)
    } catch (error) {
      if (!(error instanceof Problem) && !signal.aborted) throw error
      latest = { ...latest, trouble: messageOf(error) }
    }
    for (const step of latest.steps.slice(told)) onStep(step)
    told = Math.max(told, latest.steps.length)
  }
  const over = Promise.withResolvers<void>()
  const looking = async () => {
    for (let wait = pause; ; ) {
      const timer = Promise.withResolvers<void>()
      const waiting = setTimeout(timer.resolve, wait)
      const ended = await Promise.race([timer.promise.then(() => false), over.promise.then(() => true)])
      clearTimeout(waiting)
      if (ended || signal.aborted || !wanted()) return
      const began = performance.now()
      await look()
      wait = Math.max(pause, share * (performance.now() - began))
    }
  }
  const looked = looking()
  // Whoever ends it gets its error; until then it must not end the process that runs us.
  looked.catch(() => {})
  return {
    async end() {
      over.resolve()
      await looked
      if (!signal.aborted && wanted()) await look()
      return latest
    },
  }
}

/** The steps of the newest run of an experiment with a loss of after `from`, in milliseconds since 1970. */
async function readTracked(client: MlflowClient, experiment: string, from: number): Promise<TrackedSteps> {
  const id = await client.findExperiment(experiment)
  const runs = id === undefined ? [] : await client.searchRuns(id, '')
  for (const run of runs.toReversed()) {
    // One that goes on was begun before, and has older steps too.
    const fresh = run.metrics.filter(({ timestamp }) => timestamp >= from).map(({ key }) => key)
    const loss = lossKey(fresh)
    if (loss === undefined) continue
    const rate = fresh.find((key) => /^(lr|learning[_ ]rate)$/i.test(key))
    const [losses, rates] = await Promise.all(
      [loss, rate].map((key) => (key === undefined ? [] : client.history(run.id, key))),
    )
    return { steps: stepsOf(losses ?? [], rates ?? [], from), tracked: trackedBy(client, run) }
  }
  return { steps: [], trouble: `MLflow shows no loss of it in experiment '${experiment}'` }
}

function trackedBy({ url }: MlflowClient, { id, experiment }: MlflowRun): NonNullable<TrackedSteps['tracked']> {
  return { run: id, experiment, uri: url }
}

const notTraining = /(^|[^a-z])(val|valid|validation|eval|evaluation|test|best)([^a-z]|$)/i
const lossNames = [/^loss$/i, /^train(ing)?[ _\-/.]?loss$/i, /loss[ _\-/.]step$/i, /(^|[^a-z])loss([^a-z]|$)/i]

/** The metric that is the loss of training, by its name. */
export function lossKey(keys: readonly string[]): string | undefined {
  const own = keys.filter((key) => !notTraining.test(key)).sort()
  return lossNames.flatMap((name) => own.filter((key) => name.test(key)))[0]
}

function stepsOf(losses: readonly Metric[], rates: readonly Metric[], from: number): readonly StepLine[] {
  const rateAt = new Map(rates.map(({ step, value }) => [step, value]))
  return losses
    .filter(({ timestamp, step }) => timestamp >= from && step >= 0)
    .sort((a, b) => a.timestamp - b.timestamp || a.step - b.step)
    .map(({ step, value, timestamp }) => {
      const lr = rateAt.get(step)
      return {
        event: 'step',
        step,
        loss: lossOf(value),
        ...(lr !== undefined && Number.isFinite(lr) && { lr }),
        time: timestamp / 1000,
      }
    })
}

function lossOf(value: number): Loss {
  if (Number.isNaN(value)) return 'NaN'
  // What MLflow keeps of an infinite one, in SQLite.
  if (Math.abs(value) >= 1.797e308) return value < 0 ? '-Infinity' : 'Infinity'
  return value
}
