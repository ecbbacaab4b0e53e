import { type Baseline, type Baselines, inOrder, keyOf } from './baseline.ts'

/** Baselines in memory, for tests of what is above them. */
export function memoryBaselines(): Baselines {
  const kept = new Map<string, Baseline>()
  const placeOf = (plan: string, machine: string, params?: string) => JSON.stringify([plan, machine, params])
  const ownPlace = (baseline: Baseline) => placeOf(baseline.plan, baseline.machine, keyOf(baseline))
  return {
    find: (plan, machine, params) => kept.get(placeOf(plan, machine, params)) ?? kept.get(placeOf(plan, machine)),
    set: (baseline) => void kept.set(ownPlace(baseline), baseline),
    remove: (baseline) => void kept.delete(ownPlace(baseline)),
    clear(plan, machine) {
      for (const [place, baseline] of kept)
        if (baseline.plan === plan && (machine === undefined || baseline.machine === machine)) kept.delete(place)
    },
    all: (plan) => inOrder([...kept.values()].filter((one) => plan === undefined || one.plan === plan)),
  }
}
