import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../plan/problem.ts'
import type { Heading, RunEvent, ServiceEvent, StepEnded, StepStarted } from '../record/event.ts'
import { type Draft, next } from '../record/run-record.ts'
import { type Clock, systemClock } from '../run/clock.ts'
import { logFile } from '../run/context.ts'
import type { Observer, Passing } from '../run/observe.ts'
import { baselineCommand, pageCommand } from './commands.ts'
import { hanging, type Page, painter } from './page.ts'
import { resultFiles } from './results.ts'
import { liveScreen, plainScreen, type Running } from './screen.ts'
import { smallestChangeText } from './smallest-change.ts'
import { outcomeOf, summaryText } from './summary.ts'
import { endedLines, serviceLines } from './terminal-lines.ts'
import { linesOf, oneLine, widthOf } from './text.ts'

export interface TerminalOptions {
  /** Takes text at once; where it goes is the caller's choice. */
  write(text: string): void
  /** Whether what is written can be redrawn; otherwise only whole plain lines are written. */
  readonly isTTY: boolean
  columns(): number
  readonly color: boolean
  /** Shows every line that steps log. */
  readonly verbose: boolean
  /** Says why each step ran or was reused. */
  readonly explain: boolean
  /** The run's folder, as the person at the terminal would name it. */
  pathOf(plan: string, run: string): string
  readonly clock?: Clock | undefined
}

export interface TerminalView {
  /** Follows one run. Never throws. */
  readonly observe: Observer
  /**
   * Takes down what is live and, if the run ended, says what it came to and where its results are: call it once they are
   * written, and also when the run threw. Never throws.
   */
  close(): void
}

/** Of a failed step's log. */
const mostLines = 10

/** Shows one run to a person: live lines where the terminal can redraw, one plain line a step where it cannot. */
export function terminalView(options: TerminalOptions): TerminalView {
  const { isTTY, verbose, explain, clock = systemClock } = options
  const paint = painter(options.color)
  const running = new Map<string, Running>()
  let record: Draft | undefined
  let longestName = 0
  let broken: unknown

  let gone = false

  // A view must not end what it looks at: it stops looking, and says so at the end.
  function guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      broken ??= error
    }
  }

  function write(text: string): void {
    if (gone) return
    try {
      options.write(text)
    } catch (error) {
      gone = true
      broken ??= error
    }
  }

  const page = (): Page => {
    // The last column stays free: some terminals go to the next line as soon as it is written.
    const columns = Math.max(20, options.columns() - 1)
    return { columns, names: Math.min(longestName, 50, Math.floor(columns / 2)), cut: isTTY, paint }
  }
  const screen = (isTTY ? liveScreen : plainScreen)({ write, clock, page, running: () => running.values() })

  function began(name: string): void {
    if (!running.has(name)) running.set(name, { name, words: '', lines: [], since: clock.monotonic() })
    screen.changed()
  }

  function heading({ plan, title, nodes }: Heading, note: string): void {
    running.clear()
    longestName = nodes.reduce((longest, { name }) => Math.max(longest, widthOf(oneLine(name))), 0)
    const lines = hanging('  ', `${plan} · ${oneLine(title)}${note}`, page())
    screen.print(lines.map((line) => line.replace(plan, (word) => paint('bold', word))))
  }

  function serviceEvent(event: ServiceEvent): void {
    if (event.state === 'starting') began(event.name)
    else {
      running.delete(event.name)
      screen.print(serviceLines(event, page()))
    }
  }

  function attemptStarted({ step, attempt, because = 'it did not pass' }: StepStarted): void {
    const again = oneLine(`${step}: ${because}; attempt ${attempt}`)
    if (attempt > 1) screen.print(hanging(`  ${paint('yellow', '↻')} `, again, page()))
    began(step)
  }

  function stepEnded(ended: StepEnded): void {
    const step = record?.byName.get(ended.step)
    if (record === undefined || step === undefined) return
    const one = running.get(ended.step)
    const log = join(folderOf(record), logFile)
    const notes = {
      kind: step.kind,
      progress: one?.words ?? '',
      because: explain ? (ended.because ?? step.because) : undefined,
      tail: (one?.lines ?? []).slice(-mostLines),
      // What is being logged is on its way to the file.
      log: ended.outcome !== 'passed' && (one?.lines.length || existsSync(log)) ? log : undefined,
    }
    running.delete(ended.step)
    screen.print(endedLines(ended, notes, page()))
  }

  function show(event: RunEvent | Passing): void {
    switch (event.event) {
      case 'run-started':
        heading(event, '')
        break
      case 'run-resumed':
        heading(event, ' · resumed')
        break
      case 'announced':
        screen.print(hanging(`  ${paint('bold', '→')} `, oneLine(event.text), page()))
        screen.flush()
        break
      case 'service':
        serviceEvent(event)
        break
      case 'step-started':
        attemptStarted(event)
        break
      case 'step-ended':
        stepEnded(event)
        break
      case 'progress':
        progressed(event.step, event.text)
        break
      case 'log':
        logged(event.step, event.line)
    }
  }

  function progressed(step: string, text: string): void {
    const one = running.get(step)
    if (one !== undefined) one.words = text
  }

  function logged(step: string, line: string): void {
    const lines = running.get(step)?.lines
    lines?.push(line)
    if (lines !== undefined && lines.length > 2 * mostLines) lines.splice(0, mostLines)
    if (verbose) screen.print([`      ${paint('dim', `${oneLine(step)} │`)} ${oneLine(line)}`])
  }

  const folderOf = ({ heading }: Draft) => options.pathOf(heading.plan, heading.run)

  function summaryLines(ended: Draft): readonly string[] {
    const folder = folderOf(ended)
    const outcome = outcomeOf(ended)
    const style = outcome === 'passed' ? 'green' : outcome === 'skipped' ? 'yellow' : 'red'
    const reason = ended.ended?.reason === undefined ? [] : linesOf(ended.ended.reason)
    const told = [`${summaryText(ended)} · ${folder}`, ...reason, smallestChangeText(ended) ?? []].flat()
    const [counted = '', ...more] = told.flatMap((line) => hanging('  ', line, page()))
    const again = `  again: ${oneLine(ended.heading.again)}`
    const some = outcome !== 'passed' && ended.steps.some((step) => step.ended?.outcome === 'passed')
    const goOn = some ? [`  go on: ${oneLine(ended.heading.again)} --resume`] : []
    const files = [...resultFiles, 'journal.jsonl'].filter((name) => existsSync(join(folder, name)))
    const results = files.length === 0 ? '' : `results: ${files.join('  ')}`
    const together = `${again}      ${results}`
    const last = widthOf(together) <= page().columns ? [together.trimEnd()] : [again, `  ${results}`.trimEnd()]
    const show = files.length === 0 ? [] : hanging('  ', `page: ${pageCommand(ended)}`, page())
    const set = baselineCommand(ended)
    const hold = set === undefined ? [] : hanging('  ', `hold later runs against this one: ${set}`, page())
    const first = counted.replace(outcome, (word) => paint(['bold', style], word))
    return [first, ...more, ...goOn, ...last.filter(Boolean), ...show, ...hold]
  }

  return {
    observe(event) {
      if (broken !== undefined) return
      guarded(() => {
        if (event.event !== 'progress' && event.event !== 'log') record = next(record, event)
        show(event)
      })
    },
    close() {
      running.clear()
      guarded(() => {
        if (broken === undefined && record?.ended !== undefined) screen.print(summaryLines(record))
      })
      guarded(() => screen.close())
      if (broken !== undefined) write(`  The terminal view stopped early: ${messageOf(broken)}\n`)
    },
  }
}
