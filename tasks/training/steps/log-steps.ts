import type { LoggedStep } from './log-numbers.ts'
import type { Loss } from './progress.ts'

const number = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?`
/** Between a word and its value: `loss=0.5`, `"loss": 0.5`, `loss 0.5`. */
const is = String.raw`["']?\s*[:= ]\s*["']?`
const notTraining = String.raw`(?<!(?:val|valid|validation|eval|evaluation|test|best)[ _\-/.])`

const lossPattern = new RegExp(
  String.raw`${notTraining}\b(?:train[ _\-/.](?:ing[ _])?)?loss${is}(${number}|nan|-?inf)(?![\w{}])`,
  'i',
)
const stepPattern = new RegExp(
  String.raw`\b(?:global[ _])?(?:step|iter|iteration)s?${is}[[(]?(\d+)(?:\s*(?:/|of)\s*(\d+))?`,
  'i',
)
/** A bar of progress, which is drawn over and over in one line: ` 12%|█▏ | 12/100 [00:05<00:30, loss=0.5]`. */
const barPattern = /\|\s*(\d+)\/(\d+)\s*\[/
/** The Trainer of transformers ends with the mean loss of all steps, among how long they took. */
const summary = /\btrain_(?:runtime|steps_per_second)\b/
const barOfOthers = /^\W*(?:val|eval|test|predict)/i
const epochPattern = new RegExp(String.raw`\bepoch${is}[[(]?(${number})`, 'i')
const ratePattern = new RegExp(String.raw`\b(?:lr|learning[ _]rate)${is}(${number})`, 'i')

export interface LogSteps {
  /** The step that a line of the log, or what one showed before it was drawn over, tells of; undefined where it tells of none. */
  read(line: string): LoggedStep | undefined
}

/** What a bar of progress shows: so many of all. */
interface Bar {
  readonly count: number
  readonly total: number
}

/**
 * Reads steps out of the log of a training that doesn't report them. A line tells of a step when it has a loss, of training and not of
 * validation; one without a step's number is of the step that a bar of progress beside it has come to, or of the one after the last.
 */
export function readLogSteps(now: () => number = Date.now): LogSteps {
  const stepOf = countBars()
  let last = 0
  let beside: Bar = { count: 0, total: 0 }
  let counts = 0
  return {
    read(line) {
      const bar = barIn(line)
      beside = bar ?? beside
      const loss = lossPattern.exec(line)?.[1]
      if (loss === undefined || summary.test(line) || (bar !== undefined && barOfOthers.test(line))) return undefined
      const named = stepPattern.exec(line)?.[1]
      const shown = named === undefined && bar !== undefined ? stepOf(bar) : undefined
      if (named === undefined && bar !== undefined && shown === undefined) return undefined
      // A bar that is full may be one of something that was done before.
      if (beside.count < beside.total) counts = beside.total
      const about = beside.total > 0 && beside.total === counts ? beside.count : undefined
      last = named !== undefined ? Number(named) : (shown ?? Math.max(last + 1, about ?? 0))
      const [epoch, lr] = [epochPattern, ratePattern].map((pattern) => pattern.exec(line)?.[1])
      return {
        line: {
          event: 'step',
          step: last,
          loss: lossOf(loss.toLowerCase()),
          ...(epoch !== undefined && { epoch: Number(epoch) }),
          ...(lr !== undefined && { lr: Number(lr) }),
          time: now() / 1000,
          ...(named === undefined && { uncertain: true }),
        },
        ...(named === undefined && shown === undefined && { beside: about }),
      }
    },
  }
}

function barIn(line: string): Bar | undefined {
  const found = barPattern.exec(line)
  return found === null ? undefined : { count: Number(found[1]), total: Number(found[2]) }
}

/**
 * The steps of bars that show a loss, of one epoch after the other: undefined where one is drawn anew with none more done, for the loss of
 * the next step or for the time.
 */
function countBars(): (bar: Bar) => number | undefined {
  let before = 0
  let last: Bar = { count: 0, total: 0 }
  return (bar) => {
    if (bar.count < last.count) before += last.total
    const isNew = bar.count > 0 && bar.count !== last.count
    last = bar
    return isNew ? before + bar.count : undefined
  }
}

function lossOf(text: string): Loss {
  if (text === 'nan') return 'NaN'
  if (text.endsWith('inf')) return text.startsWith('-') ? '-Infinity' : 'Infinity'
  return Number(text)
}
