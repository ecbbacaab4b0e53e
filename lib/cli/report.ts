import { cannot } from '../plan/problem.ts'
import { writeWhole } from '../record/files.ts'
import { wholeLength } from '../record/journal.ts'
import type { RunRecord } from '../record/run-record.ts'
import { csvHeader, csvRows } from '../report/csv.ts'
import { junitXml } from '../report/junit.ts'
import { markdown } from '../report/markdown.ts'
import { readRecord } from '../report/results.ts'
import type { RealStdout } from '../shell/stdout.ts'
import { type FoundRun, findRun, latestRun } from './find-run.ts'
import { commonFlags, type Flags, flagLines, parseFlags } from './flags.ts'
import { claimStdout } from './output.ts'
import { owedRuns } from './owed-runs.ts'
import { placesOf } from './places.ts'
import { writeTo } from './print.ts'
import { showRun } from './show-run.ts'
import { writing } from './writing.ts'

const flags = {
  csv: { type: 'string', value: 'FILE', help: 'writes the results as CSV in place of what is there; - for stdout' },
  junit: { type: 'string', value: 'FILE', help: 'writes the results as JUnit XML; - for stdout' },
  html: {
    type: 'string',
    value: 'FILE',
    help: 'writes a run as a page for any browser, which opens offline; - for stdout',
  },
  md: {
    type: 'boolean',
    help: 'prints the results as a Markdown table on stdout: for a ticket, or >> "$GITHUB_STEP_SUMMARY"',
  },
  send: { type: 'boolean', help: 'stores the results, again, where a variable RESULTS_… says' },
  mlflow: {
    type: 'boolean',
    help: 'sends the runs, and all that are owed, to the server that MLFLOW_TRACKING_URI names',
  },
  json: { type: 'boolean', help: 'prints the events as JSON lines on stdout' },
  explain: { type: 'boolean', help: 'says why each step ran or was reused' },
  ...commonFlags,
} as const satisfies Flags

const words = `Shows runs again, or rebuilds their views from their journals

  RUN        an id, a unique beginning of one, or a run's folder; none: the newest run

flags
`

/** `report`: every view of a run, made from its journal alone. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('report', flags, args)
  if (values.help) {
    writeTo(1, words + flagLines(flags))
    return 0
  }
  const { csv, junit, html, md, send, mlflow, json, explain } = values
  const file = md || json ? positionals.find((given) => /\.(md|json|jsonl)$/.test(given)) : undefined
  if (file !== undefined)
    throw cannot('report', md ? '--md' : '--json', 'given without a file', file, `It prints: put > ${file} behind it.`)
  const places = placesOf(values.dir)
  const claims = [
    ...Object.entries({ csv, junit, html }).flatMap(([flag, file]) => (file === '-' ? [`--${flag} -`] : [])),
    ...(md ? ['--md'] : []),
    ...(json ? ['--json'] : []),
  ]
  const output = claimStdout('report', claims)
  const latest = positionals.length === 0 ? latestRun(places) : undefined
  const found = latest === undefined ? positionals.map((given) => findRun(places, given)) : [latest]
  if (found.length === 0)
    throw cannot(
      'report',
      'RUN',
      `a run in ${places.runs}`,
      'none',
      `There are none yet. Run a plan: ${places.command('plan')}`,
    )

  const [only, second] = found
  if (html !== undefined && second !== undefined)
    throw cannot('report', '--html', 'given with one run', found.map(({ run }) => run).join(' '))

  const put = (file: string, text: string) =>
    file === '-' ? output.stdout.write(text) : writing(file, () => writeWhole(file, text))
  if (csv === '-') await streamCsv(found, output.stdout)
  else if (csv !== undefined) put(csv, csvHeader + found.flatMap((one) => csvRows(recordOf(one))).join(''))
  if (junit !== undefined) put(junit, junitXml(found.map(recordOf)))
  if (md) output.stdout.write(found.map((one) => markdown(recordOf(one))).join('\n'))
  if (html !== undefined && only !== undefined) {
    // Loaded for those who ask for it.
    const { writeHtml } = await import('./html.ts')
    await writeHtml(places, only, html, output)
  }
  const asked = csv !== undefined || junit !== undefined || html !== undefined || md || send || mlflow || json
  for (const one of found) {
    // The journal's own lines, which were read above; what is torn at its end is left out.
    if (json) output.stdout.write(wholeOf(journalOf(one)))
    if (!asked) {
      showRun(one, { ...output.people, explain: explain ?? false })
      if (owedRuns(places).isOwed(one.plan, one.run))
        output.people.write(`  owed to MLflow: ${places.command('report')} ${one.run} --mlflow\n`)
    }
  }
  await output.stdout.flush()
  if (send) {
    const { sendAgain } = await import('./send.ts')
    await sendAgain(places, found, output.people.write)
    await output.stdout.flush()
  }
  if (mlflow) {
    const { trackAgain } = await import('./track.ts')
    // The newest is meant where it can be.
    const meant = found.filter((one) => one !== latest || !one.store.goesOn(one.plan, one.run))
    await trackAgain(places, meant, output.people.write)
    await output.stdout.flush()
  }
  return 0
}

function recordOf({ store, plan, run }: FoundRun): RunRecord {
  return readRecord(store, plan, run)
}

/** A run at a time, since there may be thousands, as long as somebody reads. */
async function streamCsv(found: readonly FoundRun[], stdout: RealStdout): Promise<void> {
  stdout.write(csvHeader)
  for (const one of found) {
    if (stdout.closed) return
    stdout.write(csvRows(recordOf(one)).join(''))
    await stdout.flush()
  }
}

function wholeOf(journal: string): string {
  return journal.slice(0, wholeLength(journal))
}

function journalOf({ store, plan, run }: FoundRun): string {
  return store.read(plan, run) ?? ''
}
