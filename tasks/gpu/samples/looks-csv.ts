import { existsSync } from 'node:fs'
import type { Look } from '../telemetry/telemetry.ts'
import type { Looks, Mark } from './judge-looks.ts'
import { addBeside } from './side-record.ts'

/** The looks about one sample, and what became of it. */
export interface LookedAt {
  readonly sample: string
  readonly attempt: number
  readonly looks: Looks
  readonly fate: 'warm-up' | 'clean' | 'marked' | 'replaced' | 'refused' | 'failed'
  readonly marks: readonly Mark[]
}

const columns = [
  ...['sample', 'attempt', 'phase', 'at_s', 'state', 'sm_clock_mhz', 'memory_clock_mhz', 'temperature_c', 'power_w'],
  ...['utilisation_percent', 'memory_used_bytes', 'memory_total_bytes', 'throttle', 'processes', 'fate', 'marks'],
]

/** Adds a line for each look to a CSV file, RFC 4180; what is not known is empty. */
export function appendLooks(
  file: string,
  { sample, attempt, looks, fate, marks }: LookedAt,
  log: (line: string) => void,
): void {
  const why = marks.map(({ text }) => text).join('; ')
  const phases = (['before', 'during', 'after'] as const).flatMap((phase) =>
    looks[phase].map((look) => [sample, attempt, phase, (look.at / 1000).toFixed(3), ...cellsOf(look), fate, why]),
  )
  const rows = existsSync(file) ? phases : [columns, ...phases]
  addBeside(file, rows.map((row) => `${row.map(cell).join(',')}\r\n`).join(''), log)
}

function cellsOf(look: Look): readonly (string | number | undefined)[] {
  if (look.state === 'lost') return [look.state, ...Array.from({ length: 9 }, () => undefined)]
  const processes = look.processes?.map(({ pid, kind, memory }) => `${pid} ${kind} ${memory ?? '?'}`)
  return [
    ...[look.state, look.smClock, look.memoryClock, look.temperature, look.power, look.utilisation],
    ...[look.memoryUsed, look.memoryTotal, look.throttle?.join('; '), processes?.join('; ')],
  ]
}

function cell(value: string | number | undefined): string {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
