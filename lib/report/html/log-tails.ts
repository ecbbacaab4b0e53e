import { oneLine } from '../text.ts'
import type { Tail } from './beside.ts'

/** Between a step's name and what it logged, in a run's one log. */
const separator = ' │ '

/**
 * What each of `steps` logged, from the text of a run's log: the last lines, as many as `characters` holds, but one at least.
 * `whole`: the text is the log from its beginning, so that its first line is one.
 */
export function logTails(
  text: string,
  steps: ReadonlySet<string>,
  characters: (step: string) => number,
  whole: boolean,
): ReadonlyMap<string, Tail> {
  const all = new Map<string, string[]>()
  let current: string[] | undefined
  for (const line of text.slice(whole ? 0 : text.indexOf('\n') + 1).split('\n')) {
    const name = nameOf(line, steps)
    if (name !== undefined && !all.has(name)) all.set(name, [])
    if (name !== undefined) current = all.get(name)
    // What does not begin with a name goes on with what was logged before it.
    if (name !== undefined || line !== '')
      current?.push(name === undefined ? line : line.slice(name.length + separator.length))
  }
  return new Map([...all].map(([step, lines]) => [step, tailOf(lines, characters(step))]))
}

/** The longest name that the line begins with: one may hold the separator. */
function nameOf(line: string, steps: ReadonlySet<string>): string | undefined {
  for (let at = line.lastIndexOf(separator); at >= 0; at = at === 0 ? -1 : line.lastIndexOf(separator, at - 1))
    if (steps.has(line.slice(0, at))) return line.slice(0, at)
  return undefined
}

const longestLine = 500

function tailOf(all: readonly string[], characters: number): Tail {
  const lines: string[] = []
  let room = characters
  for (const raw of all.toReversed()) {
    const clean = oneLine(raw)
    const line = clean.length > longestLine ? `${clean.slice(0, longestLine)}…` : clean
    room -= line.length + 1
    if (room < 0 && lines.length > 0) break
    lines.push(line)
  }
  return { lines: lines.reverse(), before: all.length - lines.length }
}
