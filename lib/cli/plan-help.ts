import { variableOf } from '../run/params.ts'
import { columns } from './columns.ts'
import { flagLines } from './flags.ts'
import { loadPlan } from './load.ts'
import { claimStdout } from './output.ts'
import type { Places } from './places.ts'
import { planFlags } from './plan-flags.ts'

const words = `Lists the plans; with names, runs them one after the other and exits with the worst

  NAME       a plan, or a pattern: 'functional-*'

exit codes
  0 passed   1 failed   2 errored or misused   75 another run of the plan goes on   130, 143 interrupted

--on-fail is a shell command line, run in the repository for each plan whose exit code is not 0, also when it could not begin,
with ASSAY_PLAN, ASSAY_OUTCOME, ASSAY_EXIT, ASSAY_RUN and ASSAY_PATH (both empty without a run) and a minute to end; so is
--on-change, for each plan whose outcome is another than ASSAY_BEFORE, the one it had with this flag last
`

/** `plan --help`, and with names what those plans take. */
export async function planHelp(places: Places, names: readonly string[]): Promise<number> {
  const { stdout } = claimStdout('plan', [])
  for (const name of names) stdout.write(await parametersOf(places, name))
  if (names.length === 0) stdout.write(`${words}\n`)
  stdout.write(`flags\n${flagLines(planFlags)}`)
  await stdout.flush()
  return 0
}

async function parametersOf(places: Places, name: string): Promise<string> {
  const plan = await loadPlan(places, name)
  const rows = Object.entries(plan.params ?? {}).map(([name, { help, default: value, env, secret }]) => {
    const shown = value === undefined ? 'required' : secret ? 'secret' : `default ${value === '' ? 'empty' : value}`
    return [`--set ${name}=…`, env ?? variableOf(name), `${help} (${shown})`]
  })
  const parameters = rows.length === 0 ? '  none\n' : columns(rows)
  const needs = [
    ...(plan.env ?? []).map((variable) => ['variable', variable]),
    ...(plan.programs ?? []).map((program) => ['program', program]),
    ...(plan.disk === undefined ? [] : [['free disk', plan.disk]]),
  ]
  const tags = plan.tags?.length ? `tags: ${plan.tags.join(', ')}\n\n` : ''
  return `${plan.name} · ${plan.title}\n\n${tags}parameters, also read from the variable\n${parameters}\n${
    needs.length === 0 ? '' : `needs\n${columns(needs)}\n`
  }`
}
