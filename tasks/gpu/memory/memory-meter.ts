import { readFileSync } from 'node:fs'
import { Failure, Problem } from '../../../lib/index.ts'
import type { PresentGpu } from '../service.ts'
import type { GpuTelemetry } from '../telemetry/telemetry.ts'
import { cardSlack, type MemoryMeter } from './memory-back.ts'

/** What a card has given to all that use it, by what it says itself. */
export function cardMeter({ card, look }: Pick<GpuTelemetry, 'card' | 'look'>): MemoryMeter {
  return {
    of: card.name,
    slack: cardSlack,
    async read() {
      // The next look may have been on its way already.
      await look()
      const seen = await look()
      if (seen.state === 'lost') throw new Failure(seen.sentence)
      if (seen.memoryUsed === undefined) throw new Problem(`${card.name} does not tell how much of its memory is used`)
      return seen.memoryUsed
    },
  }
}

/** A runtime keeps some of what it frees: what its allocator and collector have by chance goes up and down by less. */
const processSlack = 24 * 2 ** 20

/** What is resident of a process, in which a software adapter has its memory. */
export function processMeter(pid: number): MemoryMeter {
  return {
    of: 'the process of the software adapter',
    slack: processSlack,
    async read() {
      const kibibytes = readFileSync(`/proc/${pid}/status`, 'latin1').match(/^VmRSS:\s+(\d+)/m)?.[1]
      if (kibibytes === undefined) throw new Problem(`nothing is resident of process ${pid}: it has ended`)
      return Number(kibibytes) * 1024
    },
  }
}

/** What tells of the memory that such a worker takes, or why nothing does. */
export function meterOf({ facts, telemetry }: Pick<PresentGpu, 'facts' | 'telemetry'>, pid = 0): MemoryMeter | string {
  if (facts.kind === 'software')
    return process.platform === 'linux' ? processMeter(pid) : 'what a process has resident is only read on Linux'
  return telemetry.kind === 'none' ? telemetry.sentence : cardMeter(telemetry)
}
