import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Stopped } from '../../lib/index.ts'
import type { Ended } from '../../lib/shell/process.ts'
import { checkpointsBelow } from './checkpoints.ts'
import type { HowEnded, TrainingReport } from './report.ts'
import type { Heard } from './steps/follow.ts'
import type { EventLine } from './steps/progress.ts'
import type { TrackedSteps } from './steps/tracked-steps.ts'
import { summarize } from './summary.ts'

/** More losses than this stay out of the journal: they are in the series. */
const mostLosses = 400

export interface Sitting {
  readonly command: string
  /** Below it are its checkpoints, and in it its model. */
  readonly out: string
  readonly heard: Heard
  /** What MLflow shows of its steps, where that was asked. */
  readonly shown: TrackedSteps | undefined
  readonly leftBehind: number
  readonly series: string | undefined
  readonly end: Exclude<Ended, { kind: 'not-started' }>
  readonly stop: Stopped
  readonly seconds: number
  readonly last: readonly string[]
}

/** Puts together what was seen of a sitting that has ended. */
export async function reportOf(sitting: Sitting): Promise<TrainingReport> {
  const { command, out, heard, shown, leftBehind, series, end, stop, seconds, last } = sitting
  const lines = <E extends EventLine['event']>(event: E) =>
    heard.events.filter((line): line is Extract<EventLine, { event: E }> => line.event === event)
  const said = lines('ended').at(-1)
  const steps = summarize(heard.steps, lines('started')[0]?.steps)
  const how = howEnded(end, stop, said?.how)
  const losses = heard.steps.flatMap(({ step, loss }) => (loss === undefined ? [] : [{ step, loss }]))
  const model = join(out, 'model.safetensors')
  return {
    command,
    source: heard.source,
    how,
    reason: said?.reason,
    ended: { stop, ...(end.kind === 'exited' ? { code: end.code } : { signal: end.signal }) },
    seconds,
    steps,
    losses: losses.length <= mostLosses ? losses : undefined,
    series: series !== undefined && existsSync(series) ? series : undefined,
    resumed: lines('resumed').map(({ step, path }) => ({ step, path }))[0],
    refused: lines('checkpoint refused').map(({ path, reason }) => ({ path, reason })),
    leftOut: lines('left out').map(({ uri, reason }) => ({ uri, reason })),
    environmentChanged: lines('environment changed').map(({ what }) => what),
    saved: lines('checkpoint').map(({ step, path, seconds }) => ({ step, path, seconds })),
    checkpoints: checkpointsBelow(out),
    validations: lines('validation').map(({ step, loss, accuracy }) => ({ step, loss, accuracy })),
    tracked:
      lines('tracked').map(({ run, experiment, uri }) => ({ run, experiment, uri }))[0] ??
      (heard.source === 'mlflow' ? shown?.tracked : undefined),
    untracked: [
      ...lines('tracking failed').map(({ what, reason }) => `${what}: ${reason}`),
      ...(heard.source === 'nothing' && shown?.trouble !== undefined ? [shown.trouble] : []),
    ],
    pointsLost: lines('tracking lost').reduce((sum, { points }) => sum + points, 0),
    registered: lines('registered').map(({ model, version }) => ({ model, version }))[0],
    model: how === 'finished' && existsSync(model) ? await fileFacts(model) : undefined,
    unread: heard.unread,
    torn: heard.torn,
    unkept: heard.left,
    leftBehind,
    last: [...last],
  }
}

/** Its own word goes before its exit code: torchrun has one of its own for a training that was stopped. */
function howEnded(end: Sitting['end'], stop: Stopped, said: HowEnded | undefined): HowEnded {
  if (end.kind === 'signalled') return stop === 'term' && end.signal !== 'SIGKILL' ? 'stopped' : 'killed'
  if (said !== undefined && !(said === 'finished' && end.code !== 0)) return said
  if (end.code === 0) return 'finished'
  return [128 + 2, 128 + 15].includes(end.code) ? 'stopped' : 'failed'
}

async function fileFacts(path: string) {
  const bytes = await Bun.file(path).bytes()
  return { path, bytes: bytes.length, sha256: Bun.SHA256.hash(bytes, 'hex') }
}
