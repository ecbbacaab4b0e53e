import { mkdirSync, rmSync } from 'node:fs'
import { Failure, Problem, type StepContext } from '../../../lib/index.ts'
import { launchTraining } from '../../training/launch.ts'
import type { ProgressLine } from '../../training/steps/progress.ts'
import { watchSteps } from '../../training/steps/watch-steps.ts'
import type { TrainOptions } from '../../training/train.ts'
import { type TrainingVariables, trainingEnvironment } from '../../training/variables.ts'
import { type CudaClient, presentCuda } from '../cuda/cuda.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { baseline, type MemoryBack, type MemoryMeter, memoryBack } from './memory-back.ts'
import { cardMeter } from './memory-meter.ts'

/** A training on the card that would go on for long after it is interrupted. */
const long: TrainingVariables = {
  STEPS: '1000000',
  CHECKPOINT_EVERY: '1000000',
  BATCH_SIZE: '64',
  VALIDATE: 'no',
  DEVICE: 'cuda',
}

/** The step after which it is interrupted: all that it keeps for later ones is allocated. */
const at = 20

export const interruptions = ['SIGKILL', 'SIGINT'] as const
type Interruption = (typeof interruptions)[number]

type Context = Pick<StepContext, 'folder' | 'env' | 'signal' | 'log' | 'progress'>

/** Whether there is a card that a training can use and that can be watched, or why not. */
export function mayTrain(cuda: CudaClient, card: Telemetry): true | string {
  if (cuda.kind === 'absent') return cuda.sentence
  return card.kind === 'none' ? card.sentence : true
}

/** What a card has of its memory once a training on it was interrupted. */
export async function memoryAfterTraining(
  cuda: CudaClient,
  card: Telemetry,
  signal: Interruption,
  command: string,
  context: Context,
): Promise<MemoryBack> {
  if (card.kind === 'none') throw new Problem(card.sentence)
  const { python } = presentCuda(cuda)
  return interruptedTraining(cardMeter(card), signal, { python, command, variables: long }, context)
}

/** Interrupts a training in the midst of its steps: whatever it was at, its memory must come back. */
export async function interruptedTraining(
  meter: MemoryMeter,
  signal: Interruption,
  { python, command, variables }: TrainOptions,
  context: Context,
): Promise<MemoryBack> {
  rmSync(context.folder, { recursive: true, force: true })
  mkdirSync(context.folder, { recursive: true })
  const before = await baseline(meter)
  let during: Promise<number> | undefined
  const env = trainingEnvironment(context.folder, variables, context.env)
  const running = launchTraining({ env, python, command, onLine }, context)
  const stalls = watchSteps(() => void running.stop())
  function onLine(line: ProgressLine): void {
    stalls.heard(line)
    if (line.event !== 'step' || line.step < at || during !== undefined) return
    during = meter.read().finally(() => running.signal(signal))
    // Of an error hears whoever waits for it below.
    during.catch(() => {})
  }
  try {
    const { how, reason, last } = await running.report
    if (during === undefined || how === 'finished') {
      const why = stalls.stalled() ?? reason ?? `it ${how}`
      throw new Failure(
        `the training was over before ${signal} came after step ${at}: ${why}\n${last.slice(-5).join('\n')}`,
      )
    }
    return await memoryBack(meter, before, await during)
  } finally {
    stalls.end()
  }
}
