import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { fingerprintOf, partsOf } from '../machine/fingerprint.ts'
import { readNoise } from '../machine/noise-floor.ts'
import type { Checkup, DoctorLine } from '../plan/checkup.ts'
import { cannot } from '../plan/problem.ts'
import { formatBytes, formatNumber } from '../report/format.ts'
import { environmentOf } from '../run/environment.ts'
import { answerOf } from './answer.ts'
import { columns } from './columns.ts'
import { commonFlags, type Flags, flagLines, parseFlags } from './flags.ts'
import { folderSize } from './folder-size.ts'
import { leastBun } from './installation.ts'
import { allPlaces } from './named-places.ts'
import { noiseFolder, type Places, placesOf } from './places.ts'
import { withoutSecrets, writeTo } from './print.ts'

const flags = {
  json: { type: 'boolean', help: 'as one JSON line' },
  ...commonFlags,
} as const satisfies Flags

/** `doctor`: what is on this machine, as far as plans ask for it. Changes nothing. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('doctor', flags, args)
  if (values.help) writeTo(1, `Says what is on this machine, as far as plans ask for it\n\nflags\n${flagLines(flags)}`)
  else {
    if (positionals[0] !== undefined) throw cannot('look at this machine', 'arguments', 'none', positionals[0])
    const findings = await look(placesOf(values.dir))
    if (values.json) writeTo(1, withoutSecrets(`${JSON.stringify(findings)}\n`))
    else writeTo(1, withoutSecrets(columns(findings.map(({ what, found, note = '' }) => [what, found, note]))))
  }
  return 0
}

async function look(places: Places): Promise<readonly DoctorLine[]> {
  const { cpu, cores, memory, os, gpu, driver, commit, dirty } = environmentOf(places.root)
  const { bavail, bsize } = statfsSync(places.root)
  return [
    { what: 'Bun', found: Bun.version, note: `${leastBun} or newer is supported` },
    { what: 'machine', found: `${cpu}, ${cores} cores, ${formatBytes(memory)}`, note: os },
    await server('S3_ENDPOINT', 'plans start an object store of their own', 'plans use this object store'),
    ...(await ofTasks(places)),
    program('rustfs', ['--version'], 'without it the embedded store is started'),
    program('python3', ['--version'], 'training, MLflow and converters need it'),
    { what: 'GPU', ...gpuFound(gpu, driver) },
    { what: 'noise floor', ...noiseFound(places) },
    commit === undefined
      ? program('git', ['--version'], 'no commit here to record with results')
      : { what: 'git', found: `${commit.slice(0, 12)}${dirty ? ', with changes' : ''}` },
    { what: 'free disk', found: formatBytes(bavail * bsize), note: places.root },
    taken('runs/', places.runs, `free it: ${places.command('gc')} --keep 30d`),
    taken('.assay/', places.cache, 'can be made again'),
    ...environments(join(places.cache, 'python')),
  ]
}

/** What tasks have looked at, all at once: each may wait a few seconds for somebody's answer. */
async function ofTasks(places: Places): Promise<readonly DoctorLine[]> {
  const checkups = await allPlaces(places, { ending: '.doctor.ts', what: 'checkup', is: isCheckup })
  return (await Promise.all(checkups.map((checkup) => checkup.look(process.env)))).flat()
}

function isCheckup(value: unknown): value is Checkup {
  return typeof value === 'object' && value !== null && 'look' in value && typeof value.look === 'function'
}

async function server(variable: string, unset: string, set: string): Promise<DoctorLine> {
  const url = process.env[variable]
  if (!url) return { what: variable, found: 'not set', note: unset }
  return { what: variable, found: withoutPassword(url), note: `${await answerOf(url)}; ${set}` }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//***@')
}

function program(name: string, version: readonly string[], without: string): DoctorLine {
  const path = Bun.which(name)
  if (path === null) return { what: name, found: 'not on PATH', note: without }
  try {
    const { stdout, stderr } = Bun.spawnSync([path, ...version], { stdin: 'ignore', timeout: 3000 })
    const [line = ''] = `${stdout}${stderr}`.trim().split('\n')
    return { what: name, found: line || 'there', note: path }
  } catch {
    return { what: name, found: 'there, but it does not start', note: path }
  }
}

function gpuFound(gpu: string | undefined, driver: string | undefined): Omit<DoctorLine, 'what'> {
  if (gpu !== undefined) return { found: gpu, ...(driver !== undefined && { note: `driver ${driver}` }) }
  const cards = existsSync('/dev/dri') ? readdirSync('/dev/dri').filter((name) => name.startsWith('render')) : []
  if (cards.length > 0) return { found: cards.map((name) => `/dev/dri/${name}`).join(', ') }
  return { found: 'none found', note: 'no NVIDIA driver and no /dev/dri' }
}

function noiseFound(places: Places): Omit<DoctorLine, 'what'> {
  const noise = readNoise(noiseFolder(places), fingerprintOf(partsOf()))
  const [least] = noise?.detectable.slice(-1) ?? []
  if (noise === undefined || least === undefined)
    return { found: 'not measured', note: `how fine a change can be seen here: ${places.command('noise')}` }
  const change = `${formatNumber(Number((least.change * 100).toPrecision(2)))} %`
  return {
    found: `${change} from ${least.n} pairs`,
    note: [`measured ${noise.at.slice(0, 10)}`, ...noise.disturbances.map(({ text }) => text)].join('; '),
  }
}

function taken(what: string, path: string, note: string): DoctorLine {
  const { bytes } = folderSize(path)
  return { what, found: formatBytes(bytes), note: bytes === 0 ? 'nothing there' : note }
}

/** The folders in `.assay/python`: whoever makes one says in its `made.json` what it is, once it is whole. */
function environments(folder: string): readonly DoctorLine[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const note = whatWasMade(join(folder, name)) ?? 'not whole: made again when it is needed, or yours to remove'
      return taken(`.assay/python/${name}`, join(folder, name), note)
    })
    .sort((a, b) => (a.what < b.what ? -1 : 1))
}

const Made = v.object({ what: v.string() })

function whatWasMade(folder: string): string | undefined {
  try {
    return v.parse(Made, JSON.parse(readFileSync(join(folder, 'made.json'), 'utf8'))).what
  } catch {
    return undefined // cut short, or somebody else's folder
  }
}
