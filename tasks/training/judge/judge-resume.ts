import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, holds, messageOf, undecided } from '../../../lib/index.ts'
import { didAsAsked } from '../steps/as-asked.ts'
import type { StepLine } from '../steps/progress.ts'
import type { Interruption } from '../train.ts'
import { type Interrupted, lossesOf, lossNumber, type Sitting, stepsOf, type Trained } from '../trained.ts'
import { short } from '../words.ts'
import { courseWords, lossCourse } from './loss-course.ts'
import { memoryGrowth } from './memory-growth.ts'
import { type Band, bandOf, type Outcome, resumeEquals } from './resume-equals.ts'
import { readTensors } from './safetensors.ts'
import { judgeWaiting } from './starvation.ts'

/** What `resumeEquals` compares of a training. */
export function outcomeOf(trained: Trained): Outcome {
  return {
    steps: stepsOf(trained).map(({ step, loss, lr, uncertain }) => ({
      ...{ step, loss: loss && lossNumber(loss), lr },
      ...(uncertain && { uncertain }),
    })),
    weights: trained.weights === undefined ? undefined : readFileSync(trained.weights),
  }
}

/** How far trainings that nobody interrupted are from each other. */
export function bandOfTrainings(repeats: readonly Trained[]): Band {
  return bandOf(repeats.map(outcomeOf))
}

/** Whether two trainings that nobody interrupted are the same: as far as they are not, an interrupted one need not be. */
export function judgeRepeat(one: Trained, other: Trained): readonly Finding[] {
  const name = 'two unbroken trainings are the same, bit for bit'
  const both = [outcomeOf(one), outcomeOf(other)]
  const { loss, weight } = bandOf(both)
  const losses = both.every(({ steps }) => steps.some((done) => done.loss !== undefined && !done.uncertain))
  if (!losses && both.some(({ weights }) => weights === undefined))
    return [undecided(name, 'neither of which step each loss is nor their weights are to be seen')]
  const apart = [
    ...(losses && loss > 0 ? [`${short(loss)} in a loss`] : []),
    ...(weight > 0 ? [`${short(weight)} in a weight`] : []),
  ]
  if (apart.length === 0) return [holds(name, true, '')]
  return [undecided(name, `they differ by up to ${apart.join(' and ')}, and so may one that is interrupted`)]
}

/** Whether a training that was interrupted came to what the unbroken one did, within the band of unbroken ones. */
export function judgeResume(unbroken: Trained, resumed: Trained, band: Band): readonly Finding[] {
  return resumeEquals(outcomeOf(unbroken), outcomeOf(resumed), band)
}

/** The reference training's; another one's checkpoints must all have what its newest one has. */
export const checkpointFiles = [
  'model.safetensors',
  'optimizer.bin',
  'random_states_0.pkl',
  'sampler.bin',
  'scaler.pt',
  'scheduler.bin',
  'trainer.json',
]

/** Where weights are looked for. */
const weightsFile = 'model.safetensors'

/** Text that may say more with each step. */
const growing = /\.(json|jsonl|txt|log|ya?ml|csv|md)$/

/** Judges what an unbroken training left: checkpoints at the right steps, whole, of one size, and a loss that falls. */
export function judgeTraining(
  trained: Trained,
  { steps, every }: { readonly steps: number; readonly every: number },
  files: readonly string[],
): readonly Finding[] {
  const { checkpoints } = trained
  const last = stepsOf(trained).at(-1)?.step ?? 0
  const name = ({ step }: (typeof checkpoints)[number]) => `checkpoint-${step}`
  const newest = checkpoints.at(-1)
  const expected = files.length > 0 ? files : (newest?.files ?? []).map((file) => file.name)
  const odd = checkpoints.filter(({ step }) => step % every !== 0 && step !== last)
  const lacking = checkpoints.flatMap((checkpoint) => {
    const there = new Set(checkpoint.files.map((file) => file.name))
    return expected.flatMap((file) => (there.has(file) ? [] : [`${name(checkpoint)} lacks ${file}`]))
  })
  const sizes = new Map(newest?.files.map((file) => [file.name, file.bytes]))
  const unlike = checkpoints.flatMap((checkpoint) =>
    checkpoint.files.flatMap(({ name: file, bytes }) =>
      growing.test(file) || Math.abs(bytes - (sizes.get(file) ?? 0)) <= 0.1 * (sizes.get(file) ?? 0)
        ? []
        : [`${file} of ${name(checkpoint)} has ${bytes} bytes, the newest one's ${sizes.get(file) ?? 'is not there'}`],
    ),
  )
  const torn = checkpoints.flatMap(({ path }) => tornModel(path))
  const course = lossCourse(lossesOf(trained))
  return [
    doneAsAsked(stepsOf(trained), steps),
    holds(
      'there is a checkpoint, the newest one of the last steps',
      newest !== undefined && newest.step >= last - (last % every),
      `${newest?.step ?? 'none'} of ${last} steps`,
    ),
    holds(`checkpoints are ${every} steps apart`, odd.length === 0, odd.map(name).join(', ')),
    holds('every checkpoint has all its files', lacking.length === 0, some(lacking)),
    holds('the files of all checkpoints are of one size', unlike.length === 0, some(unlike)),
    checkpoints.some(({ path }) => existsSync(join(path, weightsFile)))
      ? holds('the weights of every checkpoint can be read', torn.length === 0, some(torn))
      : undecided('the weights of every checkpoint can be read', `none has a ${weightsFile}`),
    course.kind === 'too short'
      ? undecided('the loss falls', courseWords(course))
      : holds('the loss falls', course.kind === 'falls', `it ${courseWords(course)}`),
    memoryOverSteps(trained),
    judgeWaiting(stepsOf(trained)),
    everyImageUsed(trained),
    holds('it leaves no process behind', trained.leftBehind === 0, `${trained.leftBehind} still ran, and were ended`),
  ]
}

function doneAsAsked(done: readonly StepLine[], asked: number): Finding {
  const name = 'it does as many steps as it is asked to'
  if (done.some(({ uncertain }) => uncertain)) return undecided(name, 'which steps it tells of is not certain')
  const told = [0, ...done.map(({ step }) => step)]
  return holds(name, didAsAsked(told, asked), `the last one it tells of is ${told.at(-1)}, STEPS was ${asked}`)
}

function everyImageUsed({ leftOut }: Trained): Finding {
  const name = 'every image could be used'
  if (leftOut === undefined) return holds(name, true, '')
  return undecided(name, `${leftOut.images} could not, the first as ${leftOut.first}`)
}

function memoryOverSteps(trained: Trained): Finding {
  const name = 'memory does not grow with the steps'
  const readings = stepsOf(trained).flatMap(({ step, memory_bytes: bytes }) =>
    bytes === undefined ? [] : [{ step, bytes }],
  )
  const growth = memoryGrowth(readings)
  if (growth === undefined) return undecided(name, `${readings.length} steps say what it takes, which is too few`)
  const kilobytes = (bytes: number) => Math.round(bytes / 1e3)
  const { value, low, high, kind } = growth
  return holds(name, kind === 'steady', `by ${kilobytes(value)} kB a step (${kilobytes(low)} to ${kilobytes(high)})`)
}

function tornModel(checkpoint: string): readonly string[] {
  const file = join(checkpoint, weightsFile)
  if (!existsSync(file)) return []
  try {
    readTensors(readFileSync(file), file)
    return []
  } catch (error) {
    return [messageOf(error)]
  }
}

const refusal = 'it says what is wrong with the damaged one'

/** How each signal may show in the end of who got it. */
const ends: Readonly<Record<Interruption['signal'], readonly (number | string)[]>> = {
  SIGINT: [0, 130, 'SIGINT'],
  SIGTERM: [0, 143, 'SIGTERM'],
  SIGKILL: [137, 'SIGKILL'],
}

/** Judges how a training took its interruptions; `damaged` says that the newest checkpoint was spoilt after each. */
export function judgeInterruptions(
  { sittings }: Interrupted,
  interruptions: readonly Interruption[],
  { damaged = false } = {},
): readonly Finding[] {
  const wrongEnds = interruptions.flatMap(({ signal }, index) => {
    const end = sittings[index]?.code ?? sittings[index]?.signal ?? 'nothing'
    return ends[signal].includes(end) ? [] : [`after ${signal} it ended with ${end}`]
  })
  const later = sittings.slice(1).map((sitting, index) => ({ sitting, before: sittings.slice(0, index + 1) }))
  const breaches = (of: (sitting: Sitting, saved: readonly number[]) => string | undefined) =>
    later.flatMap(
      ({ sitting, before }) =>
        of(
          sitting,
          before.flatMap(({ saved }) => saved),
        ) ?? [],
    )
  const newest = breaches(({ resumed = 0 }, saved) => {
    const wanted = [...new Set(saved)].sort((a, b) => b - a)[damaged ? 1 : 0] ?? 0
    return resumed === wanted ? undefined : `it went on from step ${resumed} where ${wanted} was the newest whole one`
  })
  const repeated = breaches(({ first, resumed = 0 }) =>
    first === undefined || first === resumed + 1 ? undefined : `it went on with step ${first} after step ${resumed}`,
  )
  const again = breaches(({ saved, resumed = 0 }) => {
    const known = saved.filter((step) => step <= resumed)
    return known.length === 0 ? undefined : `it saved ${known.join(', ')} again`
  })
  const says = sittings.slice(1).some(({ resumed }) => resumed !== undefined)
  const told = (name: string, found: readonly string[]) =>
    says ? holds(name, found.length === 0, some(found)) : undecided(name, 'it does not say what it goes on from')
  return [
    holds('it ends as it is told to', wrongEnds.length === 0, some(wrongEnds)),
    told(`it goes on from the newest ${damaged ? 'whole ' : ''}checkpoint`, newest),
    told('it does the step after that one first', repeated),
    told('it saves no checkpoint that it has', again),
    ...(damaged
      ? [
          sittings.slice(1).every(({ refused }) => refused.length > 0)
            ? holds(refusal, true, '')
            : undecided(
                refusal,
                'it does not, on PROGRESS_FD: one byte in the middle of the largest file of its newest checkpoint is another',
              ),
        ]
      : []),
    memoryStays(sittings),
  ]
}

function memoryStays(sittings: readonly Sitting[]): Finding {
  const name = 'it takes no more memory after an interruption than before'
  const peaks = sittings.flatMap(({ peakMemory }) => peakMemory ?? [])
  const [first, last] = [peaks[0], peaks.at(-1)]
  if (first === undefined || last === undefined || peaks.length < sittings.length)
    return undecided(name, 'it does not say how much it takes')
  return holds(name, last <= 1.2 * first, `${Math.round(last / 1e6)} MB where it was ${Math.round(first / 1e6)} MB`)
}

function some(found: readonly string[]): string {
  return found.length > 3 ? `${found.slice(0, 3).join(', ')} and ${found.length - 3} more` : found.join(', ')
}
