import { existsSync, readFileSync, statSync } from 'node:fs'
import * as v from 'valibot'
import { cannot, type Finding, Problem, undecided } from '../../../lib/index.ts'
import { referenceWords } from '../launch.ts'
import { namedFiles } from '../named-files.ts'
import { programDigest } from '../program.ts'
import { parseProgress, pythonJson } from '../steps/progress.ts'
import { lossNumber, stepsOf, type Trained } from '../trained.ts'
import { GoldenCurve, judgeGolden, type MadeBy } from './golden.ts'
import { bandOfTrainings } from './judge-resume.ts'

/**
 * Holds a training against the golden curve in `file`, whose band is how far `repeats` of it were apart. Where there is no such file it is
 * made of this training, which is then undecided. Throws a Problem for a file that is no golden curve.
 */
export async function holdAgainstGolden(file: string, trained: Trained, repeats: readonly Trained[]): Promise<Finding> {
  const curve = stepsOf(trained).map(({ step, loss }) => ({ step, loss: lossNumber(loss) }))
  const made = madeBy(trained)
  if (existsSync(file)) return judgeGolden(readGolden(file), { ...made, curve })
  if (curve.some(({ loss }) => !Number.isFinite(loss)))
    throw new Problem(`Cannot keep a golden curve as every loss must be a number`)
  const golden: GoldenCurve = { schema: 1, ...made, curve, band: bandOfTrainings([trained, ...repeats]).loss }
  await Bun.write(file, `${JSON.stringify(golden)}\n`)
  return undecided('the loss curve is the golden one', `there was none: ${file} is made of this training`)
}

function readGolden(file: string): GoldenCurve {
  const wrong = (found: string) =>
    cannot(
      'hold a training against its golden curve',
      'golden',
      'a golden curve of schema 1',
      `${file} (${found})`,
      'Name another file; one that is not there is made.',
    )
  let json: unknown
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw wrong('no JSON')
  }
  const read = v.safeParse(GoldenCurve, json)
  if (!read.success) throw wrong(read.issues[0].message)
  return read.output
}

const Started = v.looseObject({ settings: v.optional(v.record(v.string(), v.unknown()), {}) })
/** Where things are, which is another folder each time. */
const elsewhere: readonly string[] = ['nvme_root', 'nvme_min_gb', 'out', 'resume', 'keep']
/** What a training says of its environment as it starts. */
const environment = ['torch', 'numpy', 'threads', 'cpu_capability', 'device']

/** What is larger is data, and known by its size. */
const largestCode = 16_000_000

function contentOf(file: string): string | Uint8Array {
  const { size } = statSync(file)
  return size > largestCode ? String(size) : readFileSync(file)
}

/** What a training said as it started; one of somebody else's may say nothing, or something else. */
function startedIn(series: string): v.InferOutput<typeof Started> {
  for (const text of readFileSync(series, 'utf8').split('\n'))
    if (parseProgress(text)?.event === 'started') {
      const read = v.safeParse(Started, pythonJson(text))
      if (read.success) return read.output
    }
  return { settings: {} }
}

function madeBy({ series, command }: Trained): MadeBy {
  const facts = startedIn(series)
  const settings = Object.entries(facts.settings).filter(([name]) => !elsewhere.includes(name))
  const hash = new Bun.SHA256().update(command).update(JSON.stringify(settings.sort()))
  const files = command === referenceWords ? [] : namedFiles(command, process.cwd())
  if (command === referenceWords) hash.update(programDigest())
  for (const file of files) hash.update(contentOf(file))
  return {
    code: hash.digest('hex'),
    seen: command === referenceWords ? 'program' : files.length > 0 ? 'named files' : 'command',
    environment: Object.fromEntries(
      environment.flatMap((name) => (name in facts ? [[name, String(facts[name])]] : [])),
    ),
  }
}
