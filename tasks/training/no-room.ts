import { Failure, type StepContext } from '../../lib/index.ts'
import { reference } from './launch.ts'
import { goOnAgain, refused, type TrainOptions } from './train.ts'
import type { Trained } from './trained.ts'

/** Of a file, in blocks of the shell, which are half or one KiB. */
const mostBlocks = 20

/**
 * Goes on with a copy of what `trainUntil` left where no file can be written whole, as on a full disk: the reference training must say
 * so and end. Then goes on once more with room: what there was no room for must have harmed nothing.
 */
export async function trainWithoutRoom(left: string, options: TrainOptions, context: StepContext): Promise<Trained> {
  const command = `ulimit -f ${mostBlocks}; exec ${quoted(options.python)} ${quoted(reference)}`
  const reason = await refused(left, { ...options, command }, context)
  if (!/room|space|large/i.test(reason)) throw new Failure(`it does not say that there is no room: ${reason}`)
  return goOnAgain(options, context)
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`
}
