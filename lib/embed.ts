// For programs that run plans themselves; apart from index.ts, so that a plan does not load the engine that runs it.
export { hostMachine } from './machine/host.ts'
export { fileStore } from './record/files.ts'
export { memoryStore } from './record/memory.ts'
export { type RunOptions, type RunResult, runPlan } from './run/run-plan.ts'
