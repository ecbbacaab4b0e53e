import { writeSync } from 'node:fs'
import { chooseCard } from './choose.ts'
import { openNvml } from './nvml.ts'
import type { GpuProcess } from './telemetry.ts'

/*
 * A program of its own: a driver that hangs in a call, or faults, must take neither the run nor its deadlines with it. Its arguments are the
 * card that is wanted, as JSON, and the milliseconds between two looks. It prints a line of JSON for the card it found, then one for each look.
 */

const [wanted = '{}', every = '75'] = process.argv.slice(2)

/** Listing processes takes the driver far longer than all else of a look. */
const processesEvery = 250

// Nothing else is to be done here meanwhile: to wait in the kernel takes a third less of a core than to wait in an event loop.
const say = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`)
const cards = openNvml()
const chosen =
  typeof cards === 'string'
    ? cards
    : chooseCard(
        cards.map(({ card }) => card),
        JSON.parse(wanted),
      )
if (typeof chosen === 'string') {
  say({ none: chosen })
} else {
  say(chosen)
  const found = typeof cards === 'string' ? undefined : cards.find(({ card }) => card.index === chosen.card.index)
  let processes: readonly GpuProcess[] | undefined
  let listed = -Infinity
  for (;;) {
    const began = performance.now()
    const reading = found?.read() ?? 'it is not there'
    if (typeof reading === 'string') {
      say({ lost: reading })
      break
    }
    if (began - listed >= processesEvery) {
      processes = found?.processes()
      listed = began
    }
    say({ look: { ...reading, processes } })
    Bun.sleepSync(Math.max(1, Number(every) - (performance.now() - began)))
  }
}
