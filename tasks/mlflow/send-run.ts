import type { ResultsFile, ShownRun, TrackedRun } from '../../lib/index.ts'
import type { Metric } from './batches.ts'
import { hasProxy, type MlflowClient, type MlflowRun } from './client.ts'
import { isPassing } from './trouble.ts'

/** The tags by which a run is known again; the last is set when all of it is there. */
const tags = { plan: 'assay.plan', run: 'assay.run', state: 'assay.state', sent: 'assay.sent' } as const

/**
 * Has MLflow show a run as it is: one that is there is left as it is, one of which a part is there is completed, and one that went on
 * since is replaced, since MLflow changes no parameter and takes no sample back.
 */
export async function sendRun(
  client: MlflowClient,
  experimentName: string,
  run: TrackedRun,
  files: Iterable<ResultsFile>,
): Promise<ShownRun> {
  const experiment = await client.experiment(experimentName)
  const found = await findRuns(client, experiment, run)
  const same = found.filter((one) => one.tags[tags.state] === run.state)
  const whole = same.find((one) => one.tags[tags.sent] === run.state)
  const begun = whole ?? same[0]
  const shown = begun ?? (await createRun(client, experiment, run))
  const left = whole === undefined ? await fill(client, shown, run, files) : []
  const others = found.filter(({ id }) => id !== shown.id)
  for (const { id } of others) await client.deleteRun(id)
  const where = `${client.url}/#/experiments/${experiment}/runs/${shown.id}`
  const kind = whole ? 'there' : begun ? 'completed' : others.length > 0 ? 'replaced' : 'new'
  return { kind, where, left }
}

/** Those that Assay sent of this run; what a training of it logged by itself has no state. */
async function findRuns(
  client: MlflowClient,
  experiment: string,
  { plan, run }: TrackedRun,
): Promise<readonly MlflowRun[]> {
  const filter = `tags.\`${tags.run}\` = ${quoted(run)} AND tags.\`${tags.plan}\` = ${quoted(plan)}`
  const found = await client.searchRuns(experiment, filter)
  return found.filter((one) => one.tags[tags.state] !== undefined)
}

function quoted(text: string): string {
  return text.includes("'") ? `"${text}"` : `'${text}'`
}

async function createRun(client: MlflowClient, experiment: string, run: TrackedRun): Promise<MlflowRun> {
  const own = { [tags.plan]: run.plan, [tags.run]: run.run, [tags.state]: run.state }
  const entries = Object.entries(own).map(([key, value]) => ({ key, value }))
  try {
    return await client.createRun({ experiment, name: run.run, startTime: run.startTime, tags: entries })
  } catch (error) {
    if (!(error instanceof Error && isPassing(error.cause))) throw error
    // The answer may be all that was lost.
    const made = (await findRuns(client, experiment, run)).find((one) => one.tags[tags.state] === run.state)
    return made ?? (await client.createRun({ experiment, name: run.run, startTime: run.startTime, tags: entries }))
  }
}

/** Adds what is not there yet; returns what MLflow would not take. */
async function fill(
  client: MlflowClient,
  shown: MlflowRun,
  run: TrackedRun,
  files: Iterable<ResultsFile>,
): Promise<readonly string[]> {
  // First of all: should this process end now, a run that goes on for ever is all that MLflow would tell.
  await client.updateRun(shown.id, run)
  const metrics = await missing(client, shown, run.metrics)
  await client.log(shown.id, { params: run.params, tags: run.tags, metrics })
  const left = await putFiles(client, shown, files)
  const sent = { key: tags.sent, value: run.state }
  await client.log(shown.id, { tags: left.length > 0 ? [{ key: 'assay.left', value: left.join(', ') }, sent] : [sent] })
  return left
}

/** The samples that are not there: the file store of MLflow keeps one that is sent twice twice. */
async function missing(client: MlflowClient, shown: MlflowRun, metrics: readonly Metric[]): Promise<readonly Metric[]> {
  const there = new Set<string>()
  for (const { key } of shown.metrics)
    for (const { step, timestamp } of await client.history(shown.id, key)) there.add(`${step} ${timestamp} ${key}`)
  return there.size === 0 ? metrics : metrics.filter((one) => !there.has(`${one.step} ${one.timestamp} ${one.key}`))
}

async function putFiles(
  client: MlflowClient,
  shown: MlflowRun,
  files: Iterable<ResultsFile>,
): Promise<readonly string[]> {
  if (!hasProxy(shown)) return [`files, which ${shown.artifactUri.replace(/:.*/s, '')} keeps and not the server`]
  for (const { path, type, content } of files) await client.putArtifact(shown, legalPath(path), content, type)
  return []
}

/** A file of the run's folder may have been named by anybody. */
function legalPath(path: string): string {
  return path.replace(/[^\w.\-/ ]/g, '_')
}
