/** One thing wrong with the engine: `from` stands exactly once in `file`. */
export interface Planted {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}

/** Defects that the properties must see. */
export const planted: readonly Planted[] = [
  {
    name: 'a slot holds one more than there is',
    file: 'lib/run/scheduler.ts',
    from: '(slots[slot] ?? 0) > free(slot) ||',
    to: '(slots[slot] ?? 0) > free(slot) + 1 ||',
  },
  {
    name: 'one job too many at once',
    file: 'lib/run/scheduler.ts',
    from: 'while (running < jobs && !alone)',
    to: 'while (running <= jobs && !alone)',
  },
  {
    name: 'an exclusive step does not wait for the others',
    file: 'lib/run/scheduler.ts',
    from: 'if (claim.exclusive && running > 0) return undefined',
    to: '',
  },
  {
    name: 'others do not wait for an exclusive step',
    file: 'lib/run/scheduler.ts',
    from: 'alone = exclusive',
    to: 'alone = false',
  },
  {
    name: 'dependants of a failed step run',
    file: 'lib/run/engine.ts',
    from: "result !== undefined && result.outcome !== 'passed'",
    to: "result !== undefined && result.outcome !== 'passed' && result.outcome !== 'failed'",
  },
  {
    name: 'a dependant starts before the end it needs is safe',
    file: 'lib/run/engine.ts',
    from: 'await engine.settled()\n      results',
    to: 'results',
  },
  {
    name: 'why a step is skipped is not asked',
    file: 'lib/run/engine.ts',
    from: 'if (said.value !== true) return skipped(String(said.value))',
    to: '',
  },
  {
    name: 'what an earlier step left is not proven',
    file: 'lib/run/engine.ts',
    from: 'if (proof.value !== true)',
    to: 'if (proof.value === undefined)',
  },
  {
    name: 'one retry too many',
    file: 'lib/run/attempt.ts',
    from: 'attempts > retry.times',
    to: 'attempts > retry.times + 1',
  },
  {
    name: 'a timeout is forgotten',
    file: 'lib/run/attempt.ts',
    from: 'clock.after(timeout, () => {',
    to: 'clock.after(timeout * 1e6, () => {',
  },
  {
    name: 'a service is stopped before its last user',
    file: 'lib/run/services.ts',
    from: 'if (users === 0) await stop(node)',
    to: 'if (users <= 1) await stop(node)',
  },
  {
    name: 'a service is stopped only when the run ends',
    file: 'lib/run/services.ts',
    from: 'if (users === 0) await stop(node)',
    to: '',
  },
  {
    name: 'a service is started for each of its users',
    file: 'lib/run/services.ts',
    from: 'started.set(node.index, entry)',
    to: '',
  },
  {
    name: 'a step that was running counts as passed',
    file: 'lib/run/reuse.ts',
    from: 'if (passed === undefined)',
    to: `if (passed === undefined && step.startedAt !== undefined && step.ended === undefined)
      return { kind: 'reuse', because: '', ended: { event: 'step-ended', at: '', step: step.name, outcome: 'passed', duration: 0, attempts: 1 } }
    if (passed === undefined)`,
  },
  {
    name: 'a step that failed counts as passed',
    file: 'lib/record/run-record.ts',
    from: "if (event.outcome === 'passed') {\n",
    to: '{\n',
  },
  {
    name: 'a line that was cut off is read as a whole one',
    file: 'lib/record/journal.ts',
    from: "text.slice(0, end - 1).split('\\n')",
    to: "text.split('\\n').filter(Boolean)",
  },
  {
    name: 'a line that was cut off stays in the journal',
    file: 'lib/record/memory.ts',
    from: 'text.slice(0, wholeLength(text))',
    to: 'text',
  },
  {
    name: 'an observer misses an event',
    file: 'lib/run/recorder.ts',
    from: 'observe(event)\n',
    to: "if (event.event !== 'step-started') observe(event)\n",
  },
]
