import type { Look } from './look.ts'
import type { Disturbance } from './machine.ts'

// From where on something is worth a word: what a machine left alone stays below.
const leastLoad = 0.05 // of the machine
const leastStolen = 0.01 // of the CPU time that programs wanted
const leastStall = 0.01 // of the time
const leastClock = 0.1 // of the clock at first
const leastSeconds = 0.05 // below, the kernel's hundredths of a second say too little

/** What the machine did between two looks that may show in numbers taken meanwhile. */
export function disturbancesBetween(before: Look, after: Look): readonly Disturbance[] {
  const seconds = after.at - before.at
  const since = (read: (look: Look) => number | undefined) => {
    const [from, to] = [read(before), read(after)]
    return from === undefined || to === undefined ? undefined : to - from
  }
  const found: Disturbance[] = []
  const say = (kind: Disturbance['kind'], text: string) => found.push({ kind, text })

  const busy = since((look) => look.busy)
  const own = since((look) => look.own)
  const others = busy === undefined || own === undefined ? 0 : busy - own
  if (others > leastSeconds && others / seconds > leastLoad * after.cores)
    say('load', `other programs used ${(others / seconds).toFixed(1)} of ${several(after.cores, 'core')}`)

  const stolen = since((look) => look.stolen) ?? 0
  const wanted = stolen + (busy ?? 0)
  if (stolen > leastSeconds && stolen / wanted > leastStolen)
    say('steal', `the hypervisor kept back ${percent(stolen / wanted)} of the CPU time`)

  const governors = [...new Set(after.governors)].filter((governor) => governor !== 'performance')
  if (governors.length > 0) say('governor', `the clock of the cores changes with their load (${governors.join(', ')})`)

  const [clock, then] = [before.clock ?? 0, after.clock ?? 0]
  if (clock > 0 && then > 0 && Math.abs(then / clock - 1) > leastClock)
    say('frequency', `the clock went from ${gigahertz(clock)} to ${gigahertz(then)} GHz`)

  const hot = (after.heat ?? []).filter((count, core) => count > (before.heat?.[core] ?? count)).length
  if (hot > 0) say('heat', `${several(hot, 'core')} of ${after.cores} slowed down to cool`)

  const swappedIn = since((look) => look.swapped?.in) ?? 0
  const swappedOut = since((look) => look.swapped?.out) ?? 0
  if (swappedIn + swappedOut > 0)
    say('swapping', `${several(swappedOut, 'page')} went to swap, ${swappedIn} came back from it`)

  const times = since((look) => look.quota?.times) ?? 0
  const held = since((look) => look.quota?.seconds) ?? 0
  if (times > 0) say('quota', `a quota on the CPU stopped programs ${several(times, 'time')}, for ${held.toFixed(2)} s`)

  const stalled = since((look) => look.memoryStall) ?? 0
  if (stalled / seconds > leastStall)
    say('memory', `some program waited for memory ${percent(stalled / seconds)} of the time`)
  return found
}

function several(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
}

function gigahertz(hertz: number): string {
  return (hertz / 1e9).toFixed(2)
}
