import type { Clock } from '../run/clock.ts'
import type { Observer } from '../run/observe.ts'

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
   * written, and also when the run threw.
   */
  close(): void
}

/** Shows one run to a person: live lines where the terminal can redraw, one plain line a step where it cannot. */
export function terminalView(options: TerminalOptions): TerminalView {
  return {
    observe: (event) => {
      if (event.event === 'step-ended') options.write(`  ${event.outcome} ${event.step}\n`)
    },
    close() {},
  }
}
