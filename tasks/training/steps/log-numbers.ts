import type { StepLine } from './progress.ts'

/** A step that a log tells of. */
export interface LoggedStep {
  readonly line: StepLine
  /** What a bar of progress beside it showed, where the line doesn't number its step: a step early or late, as both come by ways of their own. */
  readonly beside?: number | undefined
}

/**
 * The steps of a sitting that has ended, with the numbers that all of them together give away. The Trainer of transformers tells of every
 * L-th step by its epoch and beside a bar: epochs grow by the same each time, so that each is so many times L, and the bar says how much L is.
 * Without epochs the bar is enough where steps are told of so rarely that one more or less makes no difference.
 */
export function numbered(steps: readonly LoggedStep[]): readonly StepLine[] {
  const lines = steps.map(({ line }) => line)
  const beside = steps.flatMap(({ beside }) => beside ?? [])
  if (steps.length < 2 || beside.length < steps.length) return lines
  const found = byEpochs(lines, beside) ?? byBars(beside)
  if (found === undefined) return lines
  return lines.map(({ uncertain, ...line }, i) => ({ ...line, step: found[i] ?? line.step }))
}

/** Undefined where epochs are said too roughly to tell one step from the next, or don't grow evenly. */
function byEpochs(lines: readonly StepLine[], beside: readonly number[]): readonly number[] | undefined {
  const epochs = lines.flatMap(({ epoch }) => epoch ?? [])
  const [first = 0, last = 0] = [epochs[0], epochs.at(-1)]
  const gaps = epochs.length - 1
  const each = (last - first) / gaps
  if (epochs.length < lines.length || each <= 0) return undefined
  // They have four significant digits.
  const rounding = 0.5 * 10 ** (Math.floor(Math.log10(last)) - 3)
  if ((rounding / each) * (1 + (2 * first) / each / gaps) > 0.4) return undefined
  const times = Math.round(first / each)
  if (epochs.some((epoch, i) => Math.abs(epoch / each - (times + i)) > 0.5)) return undefined
  if (times + gaps < 3) return undefined
  const every = Math.max(1, Math.round((beside.at(-1) ?? 0) / (times + gaps)))
  return epochs.map((_, i) => (times + i) * every)
}

/** Steps that are told of more often are not told apart by a bar. */
const fewest = 5

/** Undefined where a little more or less from each to the next would fit as well. */
function byBars(beside: readonly number[]): readonly number[] | undefined {
  const [first = 0, last = 0] = [beside[0], beside.at(-1)]
  const about = Math.round((last - first) / (beside.length - 1))
  const fitting = [-2, -1, 0, 1, 2].flatMap((more) => {
    const every = about + more
    const found = beside.map((count) => every * Math.round(count / every))
    const fits = found.every((step, i) => Math.abs(step - (beside[i] ?? 0)) <= 1 && step > (found[i - 1] ?? 0))
    return every > 0 && fits ? [{ every, found }] : []
  })
  const [only, another] = fitting
  return only !== undefined && another === undefined && only.every >= fewest ? only.found : undefined
}
