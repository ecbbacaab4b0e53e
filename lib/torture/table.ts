import type { Victim } from './kills.ts'
import { killText } from './kills.ts'
import { type Done, isBad, type Tortured } from './torture.ts'

const columns = ['victim', 'kills', 'resumed right', 'results lost', 'orphans', 'false greens', 'torn lines'] as const

/** What the kills came to: of each kind, how many of them showed it. */
export interface Tally {
  readonly kills: number
  readonly right: number
  readonly lost: number
  readonly orphans: number
  readonly falseGreens: number
  readonly torn: number
}

export function tallyOf(done: readonly Done[]): Tally {
  const having = (kind: keyof Done['findings']) => done.filter(({ findings }) => findings[kind].length > 0).length
  return {
    kills: done.length,
    right: done.length - having('wrong'),
    lost: having('lost'),
    orphans: having('orphans'),
    falseGreens: having('falseGreens'),
    torn: having('torn'),
  }
}

/** A line a victim and one for all. */
export function tableText({ done }: Tortured, victims: readonly Victim[]): string {
  const rows = victims.map((victim) => rowOf(victim, tallyOf(done.filter(({ kill }) => kill.victim === victim))))
  const all = [columns, ...rows, rowOf('in all', tallyOf(done))]
  const widths = columns.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))),
    )
    .map((cells) => `  ${cells.join('  ')}\n`)
    .join('')
}

function rowOf(name: string, { kills, right, lost, orphans, falseGreens, torn }: Tally): readonly string[] {
  return [name, ...[kills, right, lost, orphans, falseGreens, torn].map(String)]
}

/** What is wrong, kill for kill, each with the command that does it again: `again` and its number. */
export function findingsText({ done }: Tortured, again: string, kept: boolean): string {
  return done
    .filter(({ findings }) => isBad(findings))
    .map(({ kill, findings, folder }) => {
      const { lost, orphans, falseGreens, torn, wrong } = findings
      const lines = [
        ...told('lost', lost),
        ...told('orphan', orphans),
        ...told('false green', falseGreens),
        ...told('torn', torn),
        ...told('not right', wrong),
        `again: ${again} ${kill.index}`,
        ...(kept ? [`kept: ${folder}`] : []),
      ]
      return `\n  kill ${kill.index} · ${killText(kill)}\n${lines.map((text) => `    ${text}\n`).join('')}`
    })
    .join('')
}

/** What the kills hit: `a step 12, a program 9, a service 14 times, nothing 2`. */
export function inFlightText({ done }: Tortured): string {
  const count = (having: (flight: Done['inFlight']) => boolean) =>
    done.filter(({ inFlight }) => having(inFlight)).length
  const nothing = count(({ step, program, service }) => !step && !program && !service)
  const [step, program, service] = [count((it) => it.step), count((it) => it.program), count((it) => it.service)]
  return `a step ${step} times, a program ${program}, a service ${service}, nothing ${nothing}`
}

/** Everything as one JSON object, on a line. */
export function jsonText(
  { done, missed }: Tortured,
  { plan, seed, signal }: { readonly plan: string; readonly seed: number; readonly signal: string },
): string {
  return `${JSON.stringify({ plan, seed, signal, ...tallyOf(done), missed, done })}\n`
}

/** Enough of them to know what it is: `--json` has all. */
function told(what: string, texts: readonly string[]): readonly string[] {
  const most = 6
  const shown = texts.slice(0, most).map((text) => `${what}: ${text}`)
  return texts.length > most ? [...shown, `${what}: … and ${texts.length - most} more`] : shown
}
