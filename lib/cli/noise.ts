import { hostMachine } from '../machine/host.ts'
import { measureNoise } from '../machine/noise/measure-noise.ts'
import { type Figure, type NoiseFloor, writeNoise } from '../machine/noise-floor.ts'
import { cannot } from '../plan/problem.ts'
import { formatNumber } from '../report/format.ts'
import { columns } from './columns.ts'
import { commonFlags, type Flags, flagLines, parseFlags } from './flags.ts'
import { noiseFolder, placesOf } from './places.ts'
import { writeTo } from './print.ts'
import { shownPath } from './shown-path.ts'

const flags = {
  seconds: { type: 'string', value: 'N', help: 'about how long it may take; the longer, the finer (default 25)' },
  json: { type: 'boolean', help: 'as one JSON line' },
  ...commonFlags,
} as const satisfies Flags

const words = `Measures how much numbers differ on this machine that should be the same

The clock, how late a sleeping program is woken, the disk below runs/ (and below NVME_ROOT, where set), memory, and a fixed work
against itself. Kept in .assay/noise/ under the machine's fingerprint; runs with measures then say the smallest change they could
have seen. Leave the machine alone meanwhile: what else goes on is named.

flags
`

/** `noise`: the noise floor of this machine. */
export function run(args: readonly string[]): number {
  const { values, positionals } = parseFlags('noise', flags, args)
  if (values.help) {
    writeTo(1, words + flagLines(flags))
    return 0
  }
  if (positionals[0] !== undefined) throw cannot('measure the noise floor', 'arguments', 'none', positionals[0])
  const seconds = secondsOf(values.seconds ?? '25')
  const places = placesOf(values.dir)
  const { NVME_ROOT } = process.env
  const noise = measureNoise({
    machine: hostMachine(noiseFolder(places)),
    disks: [{ folder: places.runs, name: 'runs/' }, ...(NVME_ROOT ? [{ folder: NVME_ROOT, name: 'NVME_ROOT' }] : [])],
    seconds,
    told: (text) => writeTo(2, `measuring ${text}\n`),
  })
  const path = writeNoise(noiseFolder(places), noise)
  writeTo(1, values.json ? `${JSON.stringify(noise)}\n` : `${tableOf(noise)}\nkept in ${shownPath(path)}\n`)
  return 0
}

function secondsOf(given: string): number {
  const seconds = Number(given)
  if (given.trim() !== '' && seconds >= 1 && seconds <= 3600) return seconds
  throw cannot('measure the noise floor', '--seconds', 'a number from 1 to 3600', given)
}

function tableOf({ cpu, cores, os, machine, figures, detectable, disturbances }: NoiseFloor): string {
  const rows = figures.map(({ name, unit, n, value, ...interval }) => [
    name,
    formatNumber(value),
    unit,
    String(n),
    intervalOf(interval),
  ])
  const changes = detectable.map(({ n, change }) => [
    String(n),
    `${formatNumber(Number((change * 100).toPrecision(2)))} %`,
  ])
  return [
    `${cpu}, ${cores} cores, ${os} · fingerprint ${machine}\n\n`,
    columns([['', 'median', 'unit', 'n', '95 %'], ...rows], ''),
    '\nsmallest change that so many pairs show, four times in five\n',
    columns([['n', 'change'], ...changes], ''),
    ...(disturbances.length === 0
      ? []
      : ['\nmeanwhile; left to itself, the machine may see finer\n', columns(disturbances.map(({ text }) => [text]))]),
  ].join('')
}

function intervalOf({ low, high }: Pick<Figure, 'low' | 'high'>): string {
  return low === undefined || high === undefined ? '' : `${formatNumber(low)} – ${formatNumber(high)}`
}
