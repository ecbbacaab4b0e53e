import type { DeviceFacts } from '../kernel.ts'
import { byNvidiaSmi } from './by-nvidia-smi.ts'
import { byNvml } from './by-nvml.ts'
import type { WantedCard } from './choose.ts'
import type { TelemetryContext } from './running.ts'
import type { Telemetry } from './telemetry.ts'

/** Whoever can tell of the card that is meant: NVML, else nvidia-smi, else nobody, with the reason. Close it. */
export async function openTelemetry(wanted: WantedCard, context: TelemetryContext): Promise<Telemetry> {
  const nvml = await byNvml(wanted, context)
  if (nvml.kind !== 'none') return nvml
  const smi = await byNvidiaSmi(wanted, context)
  if (smi.kind !== 'none') {
    context.log(`the card is watched by nvidia-smi, since ${nvml.sentence}`)
    return smi
  }
  const sentence = `no card can be watched: ${nvml.sentence}, and ${smi.sentence}. Cards of other makers are not watched yet`
  return { kind: 'none', sentence }
}

/** Of the card that a WebGPU adapter is. */
export async function telemetryOf(
  { name, kind }: Pick<DeviceFacts, 'name' | 'kind'>,
  context: TelemetryContext,
): Promise<Telemetry> {
  return kind === 'hardware'
    ? openTelemetry({ name }, context)
    : { kind: 'none', sentence: `${name} is the CPU, not a card` }
}
