import { join } from 'node:path'
import { foldersOf, lastLine } from '../record/folder.ts'
import { formatDuration } from '../report/format.ts'
import { columns } from './columns.ts'
import { listPlans } from './list-plans.ts'
import type { Places } from './places.ts'
import type { ListedPlan } from './plan-cache.ts'
import { writeTo } from './print.ts'

/** How a plan's newest run came out. */
interface LastRun {
  readonly run: string
  readonly outcome: string
  /** Seconds; undefined while it runs and when it died. */
  readonly duration: number | undefined
}

/** Prints every plan by kind, with how its last run came out: for people, or as one JSON line each. */
export async function list(places: Places, format: 'text' | 'json'): Promise<number> {
  let write = (text: string) => writeTo(1, text)
  let written = () => Promise.resolve()
  const plans = await listPlans(places, async () => {
    const { guardStdout } = await import('../shell/stdout.ts')
    const out = guardStdout() // a plan that prints while it is imported
    write = out.write
    written = out.flush
  })
  const rows = await Promise.all(plans.map(async (plan) => ({ plan, last: await lastRun(places, plan.name) })))
  if (format === 'json')
    write(rows.map(({ plan, last }) => `${JSON.stringify({ ...plan, ...(last && { last }) })}\n`).join(''))
  else if (plans.length === 0)
    write(`There are no plans in ${places.plans}. Write one: ${places.command('plan')} --new my-plan\n`)
  else write(textOf(rows, places))
  await written()
  return 0
}

type Row = { readonly plan: ListedPlan; readonly last: LastRun | undefined }

function textOf(rows: readonly Row[], places: Places): string {
  const lines: string[] = []
  const width = Math.max(...rows.map(({ plan }) => plan.name.length))
  for (const kind of ['functional', 'performance', 'smoke']) {
    const cells = rows.flatMap(({ plan, last }) =>
      plan.problem === undefined && plan.kind === kind
        ? [
            [
              plan.name.padEnd(width),
              (last?.outcome ?? 'never run').padEnd(11),
              durationOf(last).padStart(8),
              plan.title,
            ],
          ]
        : [],
    )
    if (cells.length > 0) lines.push(`${kind}\n${columns(cells)}`)
  }
  const broken = rows.flatMap(({ plan }) => (plan.problem === undefined ? [] : [[plan.name, plan.problem]]))
  if (broken.length > 0) lines.push(`cannot be loaded\n${columns(broken)}`)
  return `${lines.join('\n')}\nRun one: ${places.command('plan')} NAME     Flags and parameters: ${places.command('plan')} NAME --help\n`
}

function durationOf(last: LastRun | undefined): string {
  return last?.duration === undefined ? '' : formatDuration(last.duration)
}

async function lastRun({ runs }: Places, plan: string): Promise<LastRun | undefined> {
  const folder = join(runs, plan)
  const run = foldersOf(folder).at(-1)
  if (run === undefined) return undefined
  const end = endOf(lastLine(join(folder, run, 'journal.jsonl')))
  if (end !== undefined) return { run, ...end }
  const { goesOn } = await import('./running.ts')
  return { run, outcome: goesOn(folder, run) ? 'running' : 'interrupted', duration: undefined }
}

function endOf(line: string | undefined): Omit<LastRun, 'run'> | undefined {
  if (!line?.startsWith('{"event":"run-ended"')) return undefined
  const { outcome, duration }: { outcome: string; duration: number } = JSON.parse(line)
  return { outcome, duration }
}
