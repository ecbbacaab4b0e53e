// For programs that run plans themselves; apart from index.ts, so that a plan does not load the engine that runs it.
export { hostMachine } from './machine/host.ts'
export { fileStore } from './record/files.ts'
export { memoryStore } from './record/memory.ts'
export type { RunOptions, RunResult } from './run/run-options.ts'
export { runPlan } from './run/run-plan.ts'
