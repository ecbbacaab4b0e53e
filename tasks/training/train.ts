import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { Failure, type StepContext } from '../../lib/index.ts'
import { checkpointsBelow } from './checkpoints.ts'
import { launchTraining, type TrainingContext } from './launch.ts'
import { programDigest } from './program.ts'
import { HowEnded, type TrainingReport } from './report.ts'
import type { ProgressLine } from './steps/progress.ts'
import { stopStalled, watchSteps } from './steps/watch-steps.ts'
import { type Interrupted, sittingOf, type Trained, trainedOf } from './trained.ts'
import { outIn, type TrainingVariables, trainingEnvironment } from './variables.ts'

export interface TrainOptions {
  /** An interpreter with the reference training's packages. */
  readonly python: string
  /** A shell command line in place of the reference training; none when absent or empty. */
  readonly command?: string | undefined
  readonly variables: TrainingVariables
  /** Seconds to its first steps, and to its end after the last; two minutes when absent. */
  readonly patience?: number | undefined
}

/** A step's context is one. */
export type TrainContext = TrainingContext & Pick<StepContext, 'folder' | 'env'>

export interface Interruption {
  readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'
  /** Sent once it has done this step. */
  readonly at: number
}

/**
 * A training from its beginning to its end. Where an earlier attempt of this step was killed with Assay, it goes on from the newest
 * checkpoint that left, and not from zero. Throws a Failure when it comes to another end, or stalls.
 */
export async function train(options: TrainOptions, context: TrainContext): Promise<Trained> {
  const mark = join(context.folder, 'under-way.json')
  const identity = identityOf(options)
  const same = existsSync(mark) && readFileSync(mark, 'utf8') === identity
  const left = same ? checkpointsBelow(context.folder).at(-1) : undefined
  if (left === undefined) clear(context.folder)
  else context.log(`going on from ${left.path}, which an earlier attempt left`)
  // There only while it goes on: what came to an end, by itself or not, is nothing to go on with.
  writeFileSync(mark, identity)
  try {
    return await toItsEnd(options, context, left && 'latest')
  } finally {
    if (!context.signal.aborted) rmSync(mark)
  }
}

async function toItsEnd(options: TrainOptions, context: TrainContext, resume: string | undefined): Promise<Trained> {
  return trainedOf(finished(await sitting(options, context, { resume })), seriesIn(context.folder))
}

/** What makes it this training and no other: what it is told, and the program. */
function identityOf({ command = '', variables }: TrainOptions): string {
  return JSON.stringify({ command, variables, program: command === '' ? programDigest() : 'not known' })
}

/**
 * A training that is interrupted again and again, each time once it has done a step, and then resumed from its newest checkpoint;
 * `between` may spoil what it left. Always from the beginning.
 */
export async function trainInterrupted(
  options: TrainOptions,
  interruptions: readonly Interruption[],
  context: TrainContext,
  between: (folder: string) => void = () => {},
): Promise<Interrupted> {
  clear(context.folder)
  const reports: TrainingReport[] = []
  for (const interruption of interruptions) {
    const resume = reports.length > 0 ? 'latest' : undefined
    reports.push(await brokenOff(options, context, { resume, interruption }))
    between(context.folder)
  }
  const last = finished(await sitting(options, context, { resume: reports.length > 0 ? 'latest' : undefined }))
  return { ...trainedOf(last, seriesIn(context.folder)), sittings: [...reports, last].map(sittingOf) }
}

/** What a training left that was interrupted and not resumed: a folder, which `goOn` takes up. */
export const Left = v.object({ folder: v.string(), how: HowEnded })
export type Left = v.InferOutput<typeof Left>

export async function trainUntil(
  options: TrainOptions,
  interruption: Interruption,
  context: TrainContext,
): Promise<Left> {
  clear(context.folder)
  const report = await brokenOff(options, context, { resume: undefined, interruption })
  return { folder: context.folder, how: report.how }
}

/** Goes on with a copy of what `trainUntil` left. */
export function goOn(left: string, options: TrainOptions, context: TrainContext): Promise<Trained> {
  copyOf(left, context.folder)
  return toItsEnd(options, context, 'latest')
}

/** Goes on once more with what `refused` left. */
export function goOnAgain(options: TrainOptions, context: TrainContext): Promise<Trained> {
  return toItsEnd(options, context, 'latest')
}

/** Goes on with such a copy where it can't; returns why it says so. Throws a Failure when it comes to its end all the same. */
export async function refused(left: string, options: TrainOptions, context: TrainContext): Promise<string> {
  copyOf(left, context.folder)
  const report = await sitting(options, context, { resume: 'latest' })
  if (report.how === 'finished') throw new Failure('it came to its end where it could not')
  return report.reason ?? report.last.slice(-3).join(' ')
}

function copyOf(left: string, folder: string): void {
  clear(folder)
  cpSync(outIn(left), outIn(folder), { recursive: true })
  cpSync(seriesIn(left), seriesIn(folder))
}

interface SittingOptions {
  readonly resume: string | undefined
  readonly interruption?: Interruption
}

async function sitting(
  { python, command, variables, patience }: TrainOptions,
  context: TrainContext,
  { resume, interruption }: SittingOptions,
): Promise<TrainingReport> {
  const running = launchTraining(
    { env: trainingEnvironment(context.folder, variables, context.env), python, command, resume, onLine },
    context,
  )
  const watch = watchSteps(stopStalled(running, context), patience)
  let told = false
  function onLine(line: ProgressLine): void {
    watch.heard(line)
    if (told || interruption === undefined || line.event !== 'step' || line.step < interruption.at) return
    told = true
    running.signal(interruption.signal)
  }
  try {
    const report = await running.report
    const stall = watch.stalled()
    if (stall !== undefined) throw endedBadly(report, stall)
    return report
  } finally {
    watch.end()
  }
}

/** A sitting that its interruption must reach. */
async function brokenOff(
  options: TrainOptions,
  context: TrainContext,
  how: Required<SittingOptions>,
): Promise<TrainingReport> {
  const report = await sitting(options, context, how)
  const { signal, at } = how.interruption
  if (report.how === 'finished') throw new Failure(`it was over before ${signal} came after step ${at}`)
  return report
}

/** Throws a Failure unless it came to its end and told of steps. */
export function finished(report: TrainingReport): TrainingReport {
  if (report.how === 'finished' && report.steps !== undefined) return report
  if (report.how === 'finished') {
    const unread = report.unread === 0 ? '' : `, and ${report.unread} lines on PROGRESS_FD say nothing that is known`
    const untracked = report.untracked.map((reason) => `, and ${reason}`).join('')
    throw new Failure(
      `the training ended and told of no step, on PROGRESS_FD or in its log (a line like 'step 12 loss=0.5')${unread}${untracked}${lastLines(report)}`,
    )
  }
  throw endedBadly(report)
}

/** How a training ended that did not come to its end, with the sentence of its stall where it had one. */
export function endedBadly(report: TrainingReport, stall?: string): Failure {
  const how = stall !== undefined ? 'stalled' : report.how === 'killed' ? 'was killed' : report.how
  return new Failure(`the training ${how}: ${stall ?? report.reason ?? endWords(report)}${lastLines(report)}`)
}

function endWords({ ended }: TrainingReport): string {
  return ended.signal === undefined ? `it ended with ${ended.code}` : `by ${ended.signal}`
}

function lastLines({ last }: TrainingReport): string {
  return last.length === 0 ? '' : `\n${last.slice(-5).join('\n')}`
}

function seriesIn(folder: string): string {
  return join(folder, 'training.jsonl')
}

function clear(folder: string): void {
  if (existsSync(folder)) rmSync(folder, { recursive: true })
  mkdirSync(folder, { recursive: true })
}
