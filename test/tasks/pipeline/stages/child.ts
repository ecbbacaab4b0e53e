// Runs one stage as a process of its own, its options from the environment alone, as any stage is run.
import { readFileSync } from 'node:fs'
import { type Params, parseParams } from '../../../../lib/plan/param.ts'
import { Problem } from '../../../../lib/plan/problem.ts'
import type { TaskContext } from '../../../../lib/plan/task.ts'
import stage1 from '../../../../tasks/pipeline/stage1.task.ts'
import stage2 from '../../../../tasks/pipeline/stage2.task.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop.abort(new Error(signal)))
const context: TaskContext = {
  signal: stop.signal,
  env: process.env,
  log: (line) => process.stderr.write(`${line}\n`),
  progress: () => {},
  emit: () => {},
}
const given = (options: Params) =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, { env }]) => (env === undefined ? [] : [[name, process.env[env]]])),
  )
try {
  if (process.argv[2] === 'stage1') {
    await stage1.run(parseParams(stage1.options, given(stage1.options), 'run stage1'), context)
  } else await stage2.run(parseParams(stage2.options, given(stage2.options), 'run stage2'), context)
} catch (error) {
  if (!(error instanceof Problem)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = error.name === 'Failure' ? 1 : 2
}
// `ru_maxrss` would be the parent's where that was larger: Linux keeps it across exec.
process.stdout.write(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 'unknown')
