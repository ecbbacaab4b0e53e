import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import type { WantedCard } from './choose.ts'
import { runWatching, type TelemetryContext, type Told } from './running.ts'
import {
  type Reading as FullReading,
  nothingKnown,
  type Telemetry,
  throttleReasons,
  type WatchedCard,
} from './telemetry.ts'

const known = v.optional(v.number())
const Reading = v.object({
  smClock: known,
  memoryClock: known,
  temperature: known,
  power: known,
  utilisation: known,
  memoryUsed: known,
  memoryTotal: known,
  throttle: v.optional(v.array(v.picklist(throttleReasons))),
  processes: v.optional(
    v.array(v.object({ pid: v.number(), kind: v.picklist(['compute', 'graphics']), memory: known })),
  ),
})
const word = v.optional(v.string())
const Line = v.union([
  v.object({ look: Reading }),
  v.object({ lost: v.string() }),
  v.object({ none: v.string() }),
  v.object({
    card: v.object({ name: v.string(), index: v.number(), uuid: v.string(), pciDevice: word, driver: word }),
    note: word,
  }),
])

/** Milliseconds: 13 looks a second, which take about 0.5 % of a core there and 0.7 % here. */
const every = 75

/** NVML, asked by a program of its own. */
export async function byNvml(wanted: WantedCard, context: TelemetryContext): Promise<Telemetry> {
  const program = fileURLToPath(new URL('./nvml-watch.ts', import.meta.url))
  const command = [process.execPath, program, JSON.stringify(wanted), String(every)]
  const running = runWatching('NVML', command, read, context)
  const first = await running.first(10_000)
  if (typeof first !== 'string') {
    const { card, note } = first
    return { kind: 'nvml', card, note, look: running.look, close: running.close }
  }
  await running.close()
  return { kind: 'none', sentence: first }
}

function read(text: string): Told<WatchedCard | string> {
  const parsed = v.safeParse(Line, json(text))
  if (!parsed.success) return { kind: 'nothing' }
  const line = parsed.output
  if ('look' in line) return { kind: 'look', look: (at) => ({ state: 'seen', at, ...readingOf(line.look) }) }
  if ('lost' in line) return { kind: 'look', look: (at) => ({ state: 'lost', at, sentence: line.lost }) }
  if ('none' in line) return { kind: 'first', first: line.none }
  const { name, index, uuid, pciDevice, driver } = line.card
  return { kind: 'first', first: { card: { name, index, uuid, pciDevice, driver }, note: line.note } }
}

function readingOf({ processes, ...rest }: v.InferOutput<typeof Reading>): FullReading {
  return {
    ...nothingKnown,
    ...rest,
    processes: processes?.map(({ pid, kind, memory }) => ({ pid, kind, memory })),
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // a line of somebody else's: a warning of the driver
  }
}
