import * as v from 'valibot'
import { Problem, sentence } from '../plan/problem.ts'
import { journalSchema, type RunEvent, runEvent } from './event.ts'
import type { RunStore } from './store.ts'

/** The run's append-only record, as the engine writes it. */
export interface Journal {
  /** On the file before this returns: it outlives this process. */
  append(event: RunEvent): void
  /** Resolves once all that was appended outlives a power cut; callers that wait at the same time share one sync. */
  settled(): Promise<void>
}

export function journalOf(store: RunStore): Journal {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  let broken: { readonly because: unknown } | undefined
  const sync = async () => {
    // The system tells of lines that it could not keep only once: a later sync proves nothing for them.
    if (broken !== undefined) throw broken.because
    try {
      await store.sync()
    } catch (error) {
      broken = { because: error }
      throw error
    } finally {
      running = undefined
    }
  }
  return {
    append: (event) => store.append(`${JSON.stringify(event)}\n`),
    settled() {
      // A sync under way may have begun before the caller's line was written, so the caller waits for the one after it.
      if (running === undefined) running = sync()
      else
        next ??= running
          .catch(() => {}) // reported to those who wait for it
          .then(() => {
            next = undefined
            running = sync()
            return running
          })
      return next ?? running
    },
  }
}

/**
 * The events of a journal's text. What is torn at its end is left out; anything else that is not an event is refused by its
 * line number, since a record with a hole proves nothing.
 */
export function readJournal(text: string, path: string): readonly RunEvent[] {
  const end = wholeLength(text)
  const lines = end === 0 ? [] : text.slice(0, end - 1).split('\n')
  const events = lines.map((line, index) => parseLine(line, index + 1, path))
  if (events[0] !== undefined && events[0].event !== 'run-started')
    throw new Problem(sentence('read a journal', `${path}:1`, 'the start of a run', events[0].event))
  return events
}

/**
 * How much of a journal was written whole: up to its last line break, and up to the line of the first NUL, which no line
 * has: a power cut leaves them in place of bytes that were on their way, none of which was acknowledged.
 */
export function wholeLength(text: string): number {
  const hole = text.indexOf('\0')
  return text.lastIndexOf('\n', hole === -1 ? text.length : hole) + 1
}

function parseLine(line: string, number: number, path: string): RunEvent {
  const value = parseJson(line)
  const schema = v.safeParse(versioned, value)
  if (schema.success && schema.output.schema > journalSchema)
    throw new Problem(
      sentence(
        'read a journal',
        `schema in ${path}:${number}`,
        `at most ${journalSchema}`,
        schema.output.schema,
        'A newer Assay wrote it: read it with that one.',
      ),
    )
  const event = v.safeParse(runEvent, value)
  if (event.success) return event.output
  throw new Problem(
    sentence(
      'read a journal',
      `${path}:${number}`,
      'an event of a run',
      line,
      'The file was damaged after it was written.',
    ),
  )
}

const versioned = v.object({ schema: v.number() })

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // not an event, which the caller says with its place
  }
}
