import { startProcess } from '../../../lib/shell/process.ts'
import { chooseCard, type WantedCard } from './choose.ts'
import { runWatching, type TelemetryContext, type Told } from './running.ts'
import { type Card, type Look, nothingKnown, reasonsOf, type Telemetry } from './telemetry.ts'

/** Milliseconds between two lines. */
const every = 100

/** What holds the clocks down, by its newer name and the one it had before driver 535. */
const reasonFields = ['clocks_event_reasons.active', 'clocks_throttle_reasons.active'] as const

/** One nvidia-smi that runs on and prints a line for each look: to start one for each would take tens of milliseconds of a core. */
export async function byNvidiaSmi(wanted: WantedCard, context: TelemetryContext): Promise<Telemetry> {
  const listed = await list(context)
  if (typeof listed === 'string') return { kind: 'none', sentence: listed }
  const chosen = chooseCard(listed.cards, wanted)
  if (typeof chosen === 'string') return { kind: 'none', sentence: chosen }
  const fields = `clocks.sm,clocks.mem,temperature.gpu,power.draw,utilization.gpu,memory.used,memory.total,${listed.reasons}`
  const command = [
    'nvidia-smi',
    `--id=${chosen.card.uuid}`,
    `--query-gpu=${fields}`,
    ...plainCsv,
    '-lms',
    String(every),
  ]
  const running = runWatching('nvidia-smi', command, readLook, context)
  return { kind: 'nvidia-smi', ...chosen, look: running.look, close: running.close }
}

const plainCsv = ['--format=csv,noheader,nounits']

interface Listed {
  readonly cards: readonly Card[]
  readonly reasons: (typeof reasonFields)[number]
}

async function list(context: TelemetryContext): Promise<Listed | string> {
  let why = ''
  for (const reasons of reasonFields) {
    const lines: string[] = []
    const child = startProcess(
      ['nvidia-smi', `--query-gpu=index,name,uuid,pci.device_id,driver_version,${reasons}`, ...plainCsv],
      { cwd: process.cwd(), env: context.env, signal: context.signal, grace: 1000, onLine: (line) => lines.push(line) },
    )
    const late = setTimeout(() => void child.stop(), 10_000)
    const end = await child.done
    clearTimeout(late)
    if (end.kind === 'not-started') return 'there is no nvidia-smi on PATH'
    if (end.kind === 'exited' && end.code === 0) return { cards: lines.flatMap(readCard), reasons }
    why = `nvidia-smi says: ${lines.at(-1) ?? 'nothing'}`
    if (!lines.some((line) => line.includes('not a valid field'))) break
  }
  return why
}

function readCard(line: string): readonly Card[] {
  const cells = line.split(', ').map((cell) => cell.trim())
  const [index = '', name, uuid, pciDevice, driver] = cells
  if (cells.length !== 6 || !/^\d+$/.test(index) || !name || !uuid?.startsWith('GPU-')) return []
  return [{ index: Number(index), name, uuid, pciDevice: pciDevice?.toLowerCase(), driver }]
}

const lostWords = /GPU is lost|GPU requires reset|Unable to determine the device handle|Unknown Error$/i

/** A line of `--query-gpu` as it is asked for above; what nvidia-smi can't tell it puts in brackets. */
export function readLook(line: string): Told<never> {
  if (lostWords.test(line))
    return { kind: 'look', look: (at): Look => ({ state: 'lost', at, sentence: `nvidia-smi says: ${line}` }) }
  const cells = line.split(',').map((cell) => cell.trim())
  const readable = cells.every((cell) => /^(\d+(\.\d+)?|0x[0-9a-f]{1,16}|\[.*\]|N\/A|ERR!)$/i.test(cell))
  if (cells.length !== 8 || !readable) return { kind: 'nothing' }
  const [smClock, memoryClock, temperature, power, utilisation, used, total, reasons = ''] = cells
  const reading = {
    ...nothingKnown,
    smClock: numberOf(smClock),
    memoryClock: numberOf(memoryClock),
    temperature: numberOf(temperature),
    power: numberOf(power),
    utilisation: numberOf(utilisation),
    memoryUsed: bytesOf(used),
    memoryTotal: bytesOf(total),
    throttle: /^0x/i.test(reasons) ? reasonsOf(BigInt(reasons)) : undefined,
  }
  return { kind: 'look', look: (at) => ({ state: 'seen', at, ...reading }) }
}

function numberOf(cell: string | undefined): number | undefined {
  return cell !== undefined && /^\d/.test(cell) && !cell.startsWith('0x') ? Number(cell) : undefined
}

function bytesOf(cell: string | undefined): number | undefined {
  const mebibytes = numberOf(cell)
  return mebibytes === undefined ? undefined : mebibytes * 2 ** 20
}
