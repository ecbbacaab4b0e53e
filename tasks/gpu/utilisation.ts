import { rmSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { Failure, type Finding, holds, Problem, quantity, type StepContext, undecided } from '../../lib/index.ts'
import { quantile } from '../../lib/stats/quantile.ts'
import { launchTraining } from '../training/launch.ts'
import type { ProgressLine } from '../training/steps/progress.ts'
import { watchSteps } from '../training/steps/watch-steps.ts'
import type { TrainOptions } from '../training/train.ts'
import { trainingEnvironment } from '../training/variables.ts'
import { looksFile } from './samples/clean-sample.ts'
import { appendLooks } from './samples/looks-csv.ts'
import type { Look, Telemetry } from './telemetry/telemetry.ts'

/** The usual limits; beyond them a person is warned. */
const usual = { busy: 70, memory: 90, temperature: 85 }

/** Steps at the start that do not count: what is compiled, allocated and cached on first use. */
const warm = 2

/** A second's worth at the slower rate: fewer tell nothing of a share. */
const fewestLooks = 10

export const WatchedCard = v.object({ name: v.string(), by: v.string(), driver: v.optional(v.string()) })

/** Whether a card can be watched, and tells what is asked of it; else why not. */
export async function canWatch(telemetry: Telemetry): Promise<true | string> {
  if (telemetry.kind === 'none') return telemetry.sentence
  const look = await telemetry.look()
  if (look.state === 'lost') return look.sentence
  const { utilisation, memoryUsed, memoryTotal, temperature } = look
  const untold = Object.entries({ utilisation, memoryUsed, memoryTotal, temperature }).flatMap(([what, value]) =>
    value === undefined ? [what] : [],
  )
  return untold.length === 0 || `${telemetry.card.name} does not tell its ${untold.join(', ')}`
}

export function watchedCard(telemetry: Telemetry): v.InferInput<typeof WatchedCard> {
  if (telemetry.kind === 'none') throw new Problem(telemetry.sentence)
  const { card, kind } = telemetry
  return { name: card.name, by: kind, ...(card.driver !== undefined && { driver: card.driver }) }
}

/**
 * A training of its own, and what the card did from its third step to its last; of one that tells of no steps, all the while. Its looks
 * are kept in `looks.csv`. Throws a Failure when the training ends otherwise than finished, or too soon to say anything.
 */
export async function watchTraining(
  { python, command, variables, patience }: TrainOptions,
  telemetry: Telemetry,
  context: StepContext & { readonly round: number },
) {
  if (telemetry.kind === 'none') throw new Problem(telemetry.sentence)
  const env = trainingEnvironment(context.folder, variables, context.env)
  rmSync(join(context.folder, 'nvme'), { recursive: true, force: true })
  const steps: number[] = []
  const running = launchTraining({ env, python, command, onLine, name: `training-${context.round}` }, context)
  const stalls = watchSteps(() => void running.stop(), patience)
  function onLine(line: ProgressLine): void {
    stalls.heard(line)
    if (line.event === 'step') steps.push(performance.now())
  }
  const looks: Look[] = []
  let over = false
  const watch = async () => {
    while (!over && looks.at(-1)?.state !== 'lost') looks.push(await telemetry.look())
  }
  const watching = watch()
  try {
    const { how, reason, last } = await running.report
    if (how !== 'finished')
      throw new Failure(`the training ${stalls.stalled() ?? reason ?? `ended as ${how}`}\n${last.slice(-5).join('\n')}`)
  } finally {
    over = true
    stalls.end()
    await watching
    const sample = `training ${context.round}`
    const about = { sample, attempt: context.attempt, fate: 'clean', marks: [] } as const
    appendLooks(looksFile(context), { ...about, looks: { before: [], during: looks, after: [] } }, context.log)
  }
  const [from, to] = [steps[warm] ?? -Infinity, steps.at(-1) ?? Infinity]
  return metricsOf(looks.filter(({ at, state }) => state === 'lost' || (at >= from && at <= to)))
}

function metricsOf(looks: readonly Look[]) {
  const lost = looks.find((look) => look.state === 'lost')
  if (lost !== undefined) throw new Failure(`the card could no longer be watched: ${lost.sentence}`)
  if (looks.length < fewestLooks)
    throw new Problem(
      `Cannot tell how busy the card is: its steps were over after ${looks.length} looks at it. Give the training more to do: --set images=…`,
    )
  const known = (of: (look: Extract<Look, { state: 'seen' }>) => number | undefined) =>
    looks.flatMap((look) => (look.state === 'seen' ? (of(look) ?? []) : []))
  const busy = known(({ utilisation }) => utilisation)
  const memory = known(({ memoryUsed: used, memoryTotal: total }) =>
    used === undefined || total === undefined ? undefined : (100 * used) / total,
  )
  return {
    busy: quantity(busy.reduce((all, one) => all + one, 0) / busy.length, '%'),
    memory: quantity(Math.max(...memory), '%'),
    temperature: quantity(Math.max(...known(({ temperature }) => temperature)), '°C'),
  }
}

/** What a person should know of a card that trains: a warning is a finding that is undecided, which `--strict` fails. */
export function judgeUtilisation({
  busy,
  memory,
  temperature,
}: Readonly<Record<'busy' | 'memory' | 'temperature', readonly number[]>>): readonly Finding[] {
  const share = quantile(busy, 0.5)
  const [fullest, hottest] = [Math.max(...memory), Math.max(...temperature)]
  return [
    warned(`the card is busy at least ${usual.busy} % of the time`, share >= usual.busy, [
      `it was busy ${short(share)} % of the time`,
      'it waits for images, for the CPU, or has too little to do at once (performance-1 tells how long a training waits for its images)',
    ]),
    warned(`its memory is at most ${usual.memory} % full`, fullest <= usual.memory, [
      `it was ${short(fullest)} % full`,
      'a somewhat larger batch, or another process, ends the training',
    ]),
    warned(`it is at most ${usual.temperature} °C hot`, hottest <= usual.temperature, [
      `it was ${short(hottest)} °C hot`,
      'cards lower their clocks at about this temperature',
    ]),
  ]
}

function warned(name: string, well: boolean, [found, why]: readonly [string, string]): Finding {
  return well ? holds(name, true, '') : undecided(name, `${found}: ${why}`)
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}
