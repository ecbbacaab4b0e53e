import type { Service } from '../../../lib/index.ts'
import type { WantedCard } from './choose.ts'
import { openTelemetry } from './open.ts'
import type { Telemetry } from './telemetry.ts'

/** The card that a plan's steps are watched by; the first that CUDA sees unless another is wanted. `none`, with the reason, is a client too. */
export function cardTelemetry(wanted?: WantedCard): Service<Telemetry> {
  return {
    name: 'card',
    async start(context) {
      const visible = context.env.CUDA_VISIBLE_DEVICES
      const telemetry = await openTelemetry(wanted ?? { visible }, context)
      return {
        client: telemetry,
        detail: detailOf(telemetry),
        absent: telemetry.kind === 'none' || undefined,
        ready: async () => {},
        stop: async () => (telemetry.kind === 'none' ? undefined : telemetry.close()),
      }
    },
  }
}

function detailOf(telemetry: Telemetry): string {
  if (telemetry.kind === 'none') return 'not watched'
  const { card, note, kind } = telemetry
  return `${card.name}, by ${kind}${note === undefined ? '' : `; ${note}`}`
}
