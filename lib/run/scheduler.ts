/** What of a node the scheduler looks at. */
export interface Claim {
  readonly exclusive: boolean
  readonly slots: Readonly<Record<string, number>>
}

/** Decides what may start: at most `jobs` at once, never more of a slot than there is, an exclusive one alone. */
export interface Scheduler {
  /** Its needs are met. */
  ready(index: number): void
  /** The next that may start now, which then counts as running; undefined: nothing may. */
  next(): number | undefined
  finished(index: number): void
}

/** First come, first served, at constant cost whatever waits: one that lacks a slot waits aside until that slot comes free. */
export function schedulerOf(
  claims: { get(index: number): Claim },
  jobs: number,
  capacity: Readonly<Record<string, number>>,
): Scheduler {
  const queue = fifo()
  const returned = fifo()
  const aside = new Map<string, Fifo>()
  const used = new Map<string, number>()
  let running = 0
  let alone = false

  const free = (slot: string) => (capacity[slot] ?? 1) - (used.get(slot) ?? 0)

  function take(index: number, { slots, exclusive }: Claim): number {
    running++
    alone = exclusive
    for (const slot in slots) used.set(slot, (used.get(slot) ?? 0) + (slots[slot] ?? 0))
    return index
  }

  /** The slot that `index` cannot have now; a newcomer may not overtake those who wait for it. */
  function lacking({ slots }: Claim, newcomer: boolean): string | undefined {
    for (const slot in slots)
      if ((slots[slot] ?? 0) > free(slot) || (newcomer && aside.get(slot)?.peek() !== undefined)) return slot
    return undefined
  }

  function wake(slot: string): void {
    const waiting = aside.get(slot)
    let room = free(slot)
    for (let index = waiting?.peek(); waiting !== undefined && index !== undefined; index = waiting.peek()) {
      const wanted = claims.get(index).slots[slot] ?? 0
      if (wanted > room) return
      room -= wanted
      waiting.shift()
      returned.push(index)
    }
  }

  return {
    ready: (index) => queue.push(index),
    next() {
      while (running < jobs && !alone) {
        const newcomer = returned.peek() === undefined
        const source = newcomer ? queue : returned
        const index = source.peek()
        if (index === undefined) return undefined
        const claim = claims.get(index)
        // It keeps its place at the head and nothing starts behind it, or a busy plan would never let it run.
        if (claim.exclusive && running > 0) return undefined
        source.shift()
        const slot = lacking(claim, newcomer)
        if (slot === undefined) return take(index, claim)
        const waiting = aside.get(slot) ?? fifo()
        aside.set(slot, waiting)
        waiting.push(index)
        // What it had been called for and does not take is for the next.
        if (!newcomer) for (const other in claim.slots) if (other !== slot) wake(other)
      }
      return undefined
    },
    finished(index) {
      const { slots } = claims.get(index)
      running--
      alone = false
      for (const slot in slots) used.set(slot, (used.get(slot) ?? 0) - (slots[slot] ?? 0))
      for (const slot in slots) wake(slot)
    },
  }
}

interface Fifo {
  push(index: number): void
  peek(): number | undefined
  shift(): number | undefined
}

function fifo(): Fifo {
  let items: number[] = []
  let head = 0
  return {
    push: (index) => void items.push(index),
    peek: () => items[head],
    shift() {
      const item = items[head++]
      if (head > 1024 && head * 2 > items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
  }
}
