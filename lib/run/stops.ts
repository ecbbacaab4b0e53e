import type { Stopped } from '../plan/context.ts'

/** What it took to end the programs of each step that were told to stop. */
export interface Stops {
  note(step: string, how: Stopped | Promise<Stopped>): void
  /** The worst of them once all have ended; undefined for a step of which none was told. */
  of(step: string): Promise<'term' | 'kill' | undefined> | undefined
}

export function stopsOf(): Stops {
  const noted = new Map<string, (Stopped | Promise<Stopped>)[]>()
  return {
    note: (step, how) => void noted.set(step, [...(noted.get(step) ?? []), how]),
    of(step) {
      const hows = noted.get(step)
      return hows && Promise.all(hows).then((all) => (['kill', 'term'] as const).find((how) => all.includes(how)))
    },
  }
}
