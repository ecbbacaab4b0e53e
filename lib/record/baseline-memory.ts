import type { Baseline, Baselines } from './baseline.ts'

/** Baselines in memory, for tests of what is above them. */
export function memoryBaselines(): Baselines {
  const kept = new Map<string, Baseline>()
  const keyOf = (plan: string, machine: string) => `${plan}/${machine}`
  return {
    find: (plan, machine) => kept.get(keyOf(plan, machine)),
    set: (baseline) => void kept.set(keyOf(baseline.plan, baseline.machine), baseline),
    clear(plan, machine) {
      for (const [key, baseline] of kept)
        if (baseline.plan === plan && (machine === undefined || baseline.machine === machine)) kept.delete(key)
    },
    all: () => [...kept].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, baseline]) => baseline),
  }
}
