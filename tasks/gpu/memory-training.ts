import { rmSync } from 'node:fs'
import { Failure, type StepContext } from '../../lib/index.ts'
import { launchTraining } from '../training/launch.ts'
import type { ProgressLine } from '../training/progress.ts'
import type { TrainOptions } from '../training/train.ts'
import { type TrainingVariables, trainingEnvironment } from '../training/variables.ts'
import { watchSteps } from '../training/watch-steps.ts'
import { baseline, type MemoryBack, type MemoryMeter, memoryBack } from './memory-back.ts'

/** A training on the card that would go on for long after it is interrupted. */
export const longTraining: TrainingVariables = {
  STEPS: '1000000',
  CHECKPOINT_EVERY: '1000000',
  BATCH_SIZE: '64',
  VALIDATE: 'no',
  DEVICE: 'cuda',
}

/** The step after which it is interrupted: all that it keeps for later ones is allocated. */
const at = 20

/** Interrupts a training in the midst of its steps: whatever it was at, the card must have its memory back. */
export async function memoryAfterTraining(
  meter: MemoryMeter,
  signal: 'SIGKILL' | 'SIGINT',
  { python, command, variables }: TrainOptions,
  context: Pick<StepContext, 'folder' | 'env' | 'signal' | 'log' | 'progress'>,
): Promise<MemoryBack> {
  rmSync(context.folder, { recursive: true, force: true })
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
