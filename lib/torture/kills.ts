/** Who is killed. `group`: the process group a terminal would signal; `all`: every process of Assay's own at once, and no other. */
export const victims = ['runner', 'wrapper', 'sentinel', 'service', 'group', 'all'] as const
export type Victim = (typeof victims)[number]

/**
 * When to kill. `line`: as soon as the journal has so many lines; `between`: so long after that; `birth`: as soon as the run has started so
 * many processes; `write`: the nth time, counted from a line on, that a service or a program of a step was seen to write.
 */
export type Moment =
  | { readonly kind: 'line'; readonly line: number }
  | { readonly kind: 'between'; readonly line: number; readonly afterMs: number }
  | { readonly kind: 'birth'; readonly nth: number }
  | { readonly kind: 'write'; readonly line: number; readonly nth: number }

export interface Kill {
  readonly index: number
  /** Counts up each time that the one before it found the run over, or nobody to kill. */
  readonly attempt: number
  readonly victim: Victim
  readonly moment: Moment
  /** Half a line is put at the end of the journal as well: a kill can't cut a write on Linux, and a power cut can. */
  readonly tear: boolean
}

/** What an unbroken run did when, as it was watched. */
export interface Course {
  /** Milliseconds from its start to each line of its journal. */
  readonly lines: readonly number[]
  /** And to its end. */
  readonly ms: number
  /** How many processes it started. */
  readonly births: number
  /** How often others than Assay were seen to write after each line, and before the next. */
  readonly writes: readonly number[]
  /** After which lines a service was up. */
  readonly serving: readonly number[]
}

const kinds = ['line', 'between', 'birth', 'write'] as const

/** Who is killed by the kill of this number. */
export function victimOf(index: number, chosen: readonly Victim[]): Victim {
  return chosen[index % chosen.length] ?? victims[0]
}

/** The kill of this number: the same for the same seed, course and victims. Those of kind `line` go through every line in turn. */
export function killOf(index: number, attempt: number, seed: number, course: Course, chosen: readonly Victim[]): Kill {
  const draw = dice(`${seed} ${index} ${attempt}`)
  const victim = victimOf(index, chosen)
  const round = Math.floor(index / chosen.length)
  const kind = attempt === 0 ? (kinds[round % kinds.length] ?? 'line') : pick(kinds, draw())
  const inTurn = Math.floor(round / kinds.length) * chosen.length + (index % chosen.length)
  const moment =
    victim === 'service' && attempt > 0
      ? whileServing(draw, course)
      : momentOf(kind, draw, course, attempt === 0 ? inTurn : Math.floor(draw() * 1e6), seed)
  return { index, attempt, victim, moment, tear: draw() < 0.25 }
}

function momentOf(
  kind: Moment['kind'],
  draw: () => number,
  { lines, ms, births, writes }: Course,
  turn: number,
  seed: number,
): Moment {
  // After its last line a run still has its results to write.
  const last = lines.length
  const anyLine = Math.floor(draw() * (last + 1))
  switch (kind) {
    case 'line':
      return { kind, line: shuffled(last + 1, seed)[turn % (last + 1)] ?? 0 }
    case 'between':
      return { kind, line: anyLine, afterMs: Math.round(draw() * gapAfter([...lines, ms], anyLine)) }
    case 'birth':
      return { kind, nth: 1 + Math.floor(draw() * Math.max(1, births)) }
    case 'write': {
      const busy = writes.flatMap((count, line) => (count > 0 && line <= last ? [{ line, count }] : []))
      const { line, count } = pick(busy, draw()) ?? { line: anyLine, count: 1 }
      return { kind, line, nth: 1 + Math.floor(draw() * count) }
    }
  }
}

/** Where the first draw found no service to kill. */
function whileServing(draw: () => number, { lines, ms, serving }: Course): Moment {
  const line = pick(serving, draw()) ?? 0
  return { kind: 'between', line, afterMs: Math.round((draw() * gapAfter([...lines, ms], line)) / 2) }
}

/** How long it took from when there were so many lines until there was one more. */
function gapAfter(lines: readonly number[], line: number): number {
  return Math.max(1, (lines[line] ?? 0) - (lines[line - 1] ?? 0))
}

function shuffled(count: number, seed: number): readonly number[] {
  const draw = dice(`${seed} lines`)
  const order = Array.from({ length: count }, (_, line) => ({ line, at: draw() }))
  return order.sort((a, b) => a.at - b.at).map(({ line }) => line)
}

function pick<T>(items: readonly [T, ...T[]], at: number): T
function pick<T>(items: readonly T[], at: number): T | undefined
function pick<T>(items: readonly T[], at: number): T | undefined {
  return items[Math.floor(at * items.length)]
}

/** Numbers from 0 up to 1, the same ones for the same text. */
function dice(text: string): () => number {
  let count = 0
  return () => Number(BigInt.asUintN(53, Bun.hash.wyhash(`${text} ${count++}`))) / 2 ** 53
}

/** As a person reads it: `runner, after line 7`. */
export function killText({ victim, moment, tear }: Kill): string {
  return `${victim}, ${momentText(moment)}${tear ? ', and half a line' : ''}`
}

function momentText(moment: Moment): string {
  switch (moment.kind) {
    case 'line':
      return moment.line === 0 ? 'at the start' : `after line ${moment.line}`
    case 'between':
      return `${moment.afterMs} ms after line ${moment.line}`
    case 'birth':
      return `at process ${moment.nth}`
    case 'write':
      return `at write ${moment.nth} after line ${moment.line}`
  }
}
