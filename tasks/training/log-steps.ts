import type { Loss, StepLine } from './progress.ts'

const number = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?`
/** Between a word and its value: `loss=0.5`, `"loss": 0.5`, `loss 0.5`. */
const is = String.raw`["']?\s*[:= ]\s*["']?`
const notTraining = String.raw`(?<!(?:val|valid|validation|eval|evaluation|test|best)[ _\-/.])`

const lossPattern = new RegExp(
  String.raw`${notTraining}\b(?:train[ _\-/.](?:ing[ _])?)?loss${is}(${number}|nan|-?inf)(?![\w{}])`,
  'i',
)
const stepPatterns = [
  new RegExp(String.raw`\b(?:global[ _])?(?:step|iter|iteration)s?${is}[[(]?(\d+)(?:\s*(?:/|of)\s*(\d+))?`, 'i'),
  // A bar of progress: ` 12%|█▏ | 12/100 [00:05<00:30, loss=0.5]`.
  /\|\s*(\d+)\/(\d+)\s*\[/,
]
const epochPattern = new RegExp(String.raw`\bepoch${is}[[(]?(${number})`, 'i')
const ratePattern = new RegExp(String.raw`\b(?:lr|learning[ _]rate)${is}(${number})`, 'i')

export interface LogSteps {
  /** The step that a line of the log tells of; undefined where it tells of none. */
  read(line: string): StepLine | undefined
}

/**
 * Reads steps out of the log of a training that doesn't report them. A line tells of a step when it has a loss, of training and not of
 * validation; one without a step's number is of the step after the last.
 */
export function readLogSteps(now: () => number = Date.now): LogSteps {
  let last = 0
  return {
    read(line) {
      // A bar of progress is drawn over and over in one line.
      const shown = line.split('\r').findLast((part) => lossPattern.test(part)) ?? ''
      const loss = lossPattern.exec(shown)?.[1]
      if (loss === undefined) return undefined
      const step = stepPatterns.map((pattern) => pattern.exec(shown)?.[1]).find((found) => found !== undefined)
      last = step === undefined ? last + 1 : Number(step)
      const [epoch, lr] = [epochPattern, ratePattern].map((pattern) => pattern.exec(shown)?.[1])
      return {
        event: 'step',
        step: last,
        loss: lossOf(loss.toLowerCase()),
        ...(epoch !== undefined && { epoch: Number(epoch) }),
        ...(lr !== undefined && { lr: Number(lr) }),
        time: now() / 1000,
      }
    },
  }
}

function lossOf(text: string): Loss {
  if (text === 'nan') return 'NaN'
  if (text.endsWith('inf')) return text.startsWith('-') ? '-Infinity' : 'Infinity'
  return Number(text)
}
