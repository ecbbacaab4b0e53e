import type { Clock } from '../run/clock.ts'
import { formatDuration } from './format.ts'
import { type Page, rowLine } from './page.ts'
import { oneLine } from './text.ts'

/** Something that goes on. */
export interface Running {
  readonly name: string
  /** What it last said of its progress. */
  words: string
  /** The last lines it logged. */
  readonly lines: string[]
  /** On the monotonic clock, in milliseconds. */
  readonly since: number
}

/** Where a view's lines go. */
export interface Screen {
  /** Lines that stay. */
  print(lines: readonly string[]): void
  /** What goes on has changed. */
  changed(): void
  /** Shows what was printed at once. */
  flush(): void
  /** Shows all that was printed and leaves nothing else behind. */
  close(): void
}

export interface ScreenOptions {
  write(text: string): void
  readonly clock: Clock
  page(): Page
  running(): Iterable<Running>
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const
const frameMs = 100
/** More would push what has ended out of sight. */
const mostLive = 8

/**
 * A screen that shows what goes on under what stays, redrawn at most ten times a second, and in one piece. It leaves the
 * cursor visible: a runner that is killed can't bring back what it has hidden.
 */
export function liveScreen({ write, clock, page, running }: ScreenOptions): Screen {
  let pending: string[] = []
  let drawn = false
  let lastDraw = Number.NEGATIVE_INFINITY
  let cancel: (() => void) | undefined

  function draw(live: readonly string[]): void {
    cancel?.()
    cancel = undefined
    lastDraw = clock.monotonic()
    if (pending.length === 0 && live.length === 0 && !drawn) return
    const text = pending.map((line) => `${line}${eraseLine}\n`).join('') + live.join(`${eraseLine}\n`)
    pending = []
    drawn = live.length > 0
    // What was drawn last is written over, and only what is left of it erased: nothing flickers.
    write(text === '' ? eraseAll : `${text}${eraseBelow}${toStart(live.length)}`)
    if (live.length > 0) cancel = clock.after(frameMs, drawLive)
  }
  const drawLive = () => draw(liveLines([...running()], page(), clock.monotonic()))

  function soon(): void {
    const due = lastDraw + frameMs - clock.monotonic()
    if (due <= 0) drawLive()
    else cancel ??= clock.after(due, drawLive)
  }

  return {
    print(lines) {
      pending.push(...lines)
      soon()
    },
    changed: soon,
    flush: drawLive,
    close: () => draw([]),
  }
}

const eraseLine = '\x1b[K'
const eraseBelow = '\x1b[J'
// Its first line apart: some terminals keep a screen that is erased from its very top.
const eraseAll = `${eraseLine}\n${eraseBelow}\x1b[1A`

/**
 * Puts the cursor back to the beginning of what is live: from there it can be written over also when the terminal was made
 * narrower and has broken some lines in two, which not all terminals do.
 */
function toStart(lines: number): string {
  return lines === 0 ? '' : lines === 1 ? '\r' : `\r\x1b[${lines - 1}A`
}

function liveLines(running: readonly Running[], page: Page, now: number): readonly string[] {
  const mark = frames[Math.floor(now / frameMs) % frames.length] ?? frames[0]
  const lines = running.slice(0, mostLive).map((one) => rowLine({ mark, ...going(one, now), style: 'cyan' }, page))
  const more = running.length - mostLive
  return more > 0 ? [...lines, `    … and ${more} more`] : lines
}

function going({ name, words, since }: Running, now: number) {
  const seconds = Math.floor((now - since) / 1000)
  const right = seconds === 0 ? '' : seconds < 60 ? `${seconds} s` : formatDuration(seconds)
  return { name: oneLine(name), words: oneLine(words), right }
}

const noticeMs = 10_000
const longestNoticeMs = 5 * 60_000

/** A screen of whole lines only; what takes long is said to go on, ever less often. */
export function plainScreen({ write, clock, page, running }: ScreenOptions): Screen {
  const notices = new WeakMap<Running, number>()
  let cancel: (() => void) | undefined

  function notice(): void {
    cancel = undefined
    const now = clock.monotonic()
    let any = false
    for (const one of running()) {
      any = true
      const lasted = now - one.since
      const due = notices.get(one) ?? noticeMs
      if (lasted < due) continue
      notices.set(one, lasted + Math.min(lasted, longestNoticeMs))
      const { name, words, right } = going(one, now)
      const said = ['still running', words].filter(Boolean).join(', ')
      write(`${rowLine({ mark: '…', name, words: said, right, style: 'dim' }, page())}\n`)
    }
    if (any) watch()
  }
  function watch(): void {
    cancel ??= clock.after(noticeMs, notice)
  }

  return {
    print: (lines) => write(lines.map((line) => `${line}\n`).join('')),
    changed: watch,
    flush: () => {},
    close: () => cancel?.(),
  }
}
