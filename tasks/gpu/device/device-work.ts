import { Problem } from '../../../lib/index.ts'
import type { Work } from '../kernel.ts'
import type { Buffers } from './buffers.ts'
import type { Compiled } from './compile.ts'
import { openScopes, type Room, scoped } from './room.ts'
import type { Runner } from './sampler.ts'
import { type Stamps, stampsOn } from './stamps.ts'
import { dispatch, encode, type Step, stepOf } from './steps.ts'

/** How the work of a kernel is done. */
export interface Doing {
  readonly run: Runner
  /** What the host got by downloads of a buffer; undefined where it is not downloaded. */
  downloaded(name: string): ArrayBuffer | undefined
  /** Gives back what it has made beside the kernel's own buffers. */
  free(): void
}

/** Operations of one command buffer. */
const together = 1000
/** Less than this (seconds) is not slept through: the system's own timer would show. */
const shortest = 0.002

/**
 * Work that is all the device's. Everything is enqueued before the device begins, so that nothing waits for the host between operations, and
 * the device's own timestamps are around all of it.
 */
export async function deviceWork(
  room: Room,
  work: readonly Work[],
  compiled: Compiled,
  buffers: Buffers,
): Promise<Doing> {
  const { device } = room
  const steps = await scoped(device, () => work.map((one) => stepOf(device, one, compiled, buffers)))
  const clock = room.facts.features.includes('timestamp-query')
    ? await scoped(device, () => stampsOn(device))
    : undefined
  const run: Runner = async (operations, expected) => {
    const complaint = openScopes(device)
    const commands = commandsOf(device, steps, operations, clock)
    const started = performance.now()
    device.queue.submit(commands)
    // Waiting turns the event loop at full speed, which would take a core from whoever else is measuring.
    const sleep = expected > shortest ? 0.8 * expected : 0
    Bun.sleepSync(1000 * sleep)
    const slept = performance.now()
    await device.queue.onSubmittedWorkDone()
    const ended = performance.now()
    const said = await complaint()
    room.alive()
    if (said !== undefined) throw new Problem(said)
    const seconds = await clock?.seconds()
    return {
      operations,
      deviceSeconds: seconds === undefined ? undefined : seconds / operations,
      wallSeconds: (ended - started) / 1000 / operations,
      overslept: sleep > 0 && ended - slept < 0.02 * (ended - started),
    }
  }
  return { run, downloaded: () => undefined, free: () => clock?.free() }
}

function commandsOf(device: GPUDevice, steps: readonly Step[], operations: number, clock: Stamps | undefined) {
  const buffers: GPUCommandBuffer[] = []
  // A pass has its timestamps where it begins and ends; copies lie in no pass, and get an empty one before and behind them.
  const inPasses = steps.every(({ kind }) => kind === 'dispatch')
  for (let first = 0; first < operations; first += together) {
    const count = Math.min(together, operations - first)
    const [begins, ends] = [first === 0, first + count === operations]
    const encoder = device.createCommandEncoder()
    if (inPasses) {
      const pass = encoder.beginComputePass(clock?.around(begins, ends))
      for (let at = 0; at < count; at++) for (const step of steps) if (step.kind === 'dispatch') dispatch(pass, step)
      pass.end()
    } else {
      if (begins) encoder.beginComputePass(clock?.around(true, false)).end()
      for (let at = 0; at < count; at++) for (const step of steps) encode(encoder, step)
      if (ends) encoder.beginComputePass(clock?.around(false, true)).end()
    }
    if (ends) clock?.resolve(encoder)
    buffers.push(encoder.finish())
  }
  return buffers
}
