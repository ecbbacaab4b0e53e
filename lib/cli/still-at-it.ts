import { formatDuration } from '../report/format.ts'

/** Whether long work goes on, for who waits. */
export interface StillAtIt {
  /** Writes the line, since when it is silent. */
  tell(text: string): void
  /** From now on this is what goes on, asked each time that it is told. */
  doing(what: () => string): void
  end(): void
}

/** Says what goes on whenever nothing was told for `silentMs`. */
export function stillAtIt(write: (text: string) => void, silentMs: number): StillAtIt {
  const from = performance.now()
  let current = () => 'it has begun'
  const beat = setInterval(() => {
    write(`  still at it after ${formatDuration((performance.now() - from) / 1000)}: ${current()}\n`)
  }, silentMs)
  return {
    tell(text) {
      write(`  ${text}\n`)
      beat.refresh()
    },
    doing(what) {
      current = what
    },
    end: () => clearInterval(beat),
  }
}
