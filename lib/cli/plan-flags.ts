import { cannot } from '../plan/problem.ts'
import { commonFlags, type Flags, type parseFlags } from './flags.ts'

export const planFlags = {
  set: { type: 'string', multiple: true, value: 'k=v', help: 'gives a parameter of the plan' },
  csv: { type: 'string', value: 'FILE', help: 'adds the results to a CSV file; - for stdout' },
  junit: { type: 'string', value: 'FILE', help: 'writes the results as JUnit XML; - for stdout' },
  html: {
    type: 'string',
    value: 'FILE',
    help: 'writes the run as a page for any browser when it has ended; - for stdout',
  },
  json: { type: 'boolean', help: 'prints every event as a JSON line on stdout' },
  parallel: { type: 'boolean', help: 'beside another run of the plan, which else exits with 75' },
  jobs: { type: 'string', value: 'N', help: 'at most this many steps at once (default: the number of cores)' },
  resume: { type: 'boolean', help: 'goes on where the last run stopped; reuses what the same inputs and code made' },
  run: { type: 'string', value: 'RUN', help: 'which run to resume: its id, a unique beginning of it, or its folder' },
  explain: { type: 'boolean', help: 'says why each step runs or is reused' },
  'dry-run': { type: 'boolean', help: 'shows what would run; nothing is started or written' },
  only: { type: 'string', multiple: true, value: 'STEP', help: 'runs this step and what it needs' },
  until: { type: 'string', value: 'STEP', help: 'runs everything up to this step' },
  tag: { type: 'string', multiple: true, value: 'TAG', help: 'only plans with this tag' },
  'skip-tag': { type: 'string', multiple: true, value: 'TAG', help: 'no plans with this tag' },
  failed: { type: 'boolean', help: 'only the plans, and of them the steps, that failed last time' },
  'env-file': { type: 'string', multiple: true, value: 'FILE', help: 'reads variables from a file; set ones win' },
  verbose: { type: 'boolean', help: 'shows what steps and their programs print' },
  strict: { type: 'boolean', help: 'undecided and marginal verdicts fail the run' },
  'allow-skip': { type: 'boolean', help: 'a run of which everything was skipped passes' },
  keep: { type: 'boolean', help: "services' data stays after a passed run" },
  'create-buckets': { type: 'boolean', help: 'creates missing buckets at S3_ENDPOINT' },
  'on-fail': {
    type: 'string',
    value: 'COMMAND',
    help: 'runs this where the exit code is not 0, the summary on its stdin',
  },
  'on-change': {
    type: 'string',
    value: 'COMMAND',
    help: 'runs this where a plan came to another outcome than last time, the summary on its stdin',
  },
  new: { type: 'string', value: 'NAME', help: 'writes a plan to start from' },
  ...commonFlags,
} as const satisfies Flags

export type PlanFlags = ReturnType<typeof parseFlags<typeof planFlags>>['values']

/** Throws a Problem for an `--on-fail` or `--on-change` that tells nobody. */
export function refuseNoCommand(flags: { readonly 'on-fail'?: string; readonly 'on-change'?: string }): void {
  if (flags['on-fail']?.trim() === '') throw cannot('tell of failures', '--on-fail', 'a command', '')
  if (flags['on-change']?.trim() === '') throw cannot('tell of changes', '--on-change', 'a command', '')
}
