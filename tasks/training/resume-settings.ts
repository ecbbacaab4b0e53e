import { cannot } from '../../lib/index.ts'
import type { Interruption } from './train.ts'
import type { TrainingVariables } from './variables.ts'

/** Small, and with a part for all that a checkpoint holds: half precision, whose scaler has work to do, and several epochs. */
export function smallTraining(steps: number, every: number): TrainingVariables {
  return {
    STEPS: String(steps),
    CHECKPOINT_EVERY: String(every),
    IMAGES_PER_NODE: '96',
    BATCH_SIZE: '16',
    RESOLUTION: '8',
    PRECISION: 'fp16',
    SCALER_GROWTH: '5',
    DEVICE: 'cpu',
  }
}

/** Other trainings that must survive an interruption as well. */
export const configurations: Readonly<Record<string, TrainingVariables>> = {
  'a higher resolution': { RESOLUTION: '12' },
  'a lower learning rate': { LEARNING_RATE: '0.001' },
  'more steps, loaded by a worker': { STEPS: '60', WORKERS: '1' },
}

/** Each some steps after a checkpoint, so that there is something to repeat. */
export function interruptionsOf(steps: number, every: number): Readonly<Record<string, readonly Interruption[]>> {
  // The last one comes after four checkpoints and a half, and must find the training at work.
  if (steps < 5 * every) throw cannot('interrupt the training', 'every', `at most a fifth of the ${steps} steps`, every)
  const after = (checkpoints: number) => Math.floor((checkpoints + 0.5) * every)
  return {
    'interrupted by SIGINT': [{ signal: 'SIGINT', at: after(2) }],
    'interrupted by SIGTERM': [{ signal: 'SIGTERM', at: after(2) }],
    'interrupted by SIGKILL': [{ signal: 'SIGKILL', at: after(2) }],
    'interrupted four times in a row': [
      { signal: 'SIGKILL', at: after(1) },
      { signal: 'SIGTERM', at: after(2) },
      { signal: 'SIGKILL', at: after(3) },
      { signal: 'SIGINT', at: after(4) },
    ],
  }
}
