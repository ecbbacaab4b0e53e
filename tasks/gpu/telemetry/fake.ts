import { type GpuTelemetry, type Look, nothingKnown, type Reading } from './telemetry.ts'

/** For tests: a card that says what `next` gives, at the moment it is asked for the n-th time; undefined once it is lost. */
export function fakeTelemetry(next: (n: number) => Partial<Reading> | undefined): GpuTelemetry & { looks(): number } {
  let n = 0
  const card = { name: 'NVIDIA Fake', index: 0, uuid: 'GPU-fake', pciDevice: undefined, driver: undefined }
  return {
    kind: 'fake',
    card,
    note: undefined,
    looks: () => n,
    async look(): Promise<Look> {
      // As long as a real one takes at least: what waits for the thread has its turn.
      await new Promise((resolve) => setImmediate(resolve))
      const at = n * 50
      const reading = next(n++)
      return reading === undefined
        ? { state: 'lost', at, sentence: 'GPU is lost' }
        : { state: 'seen', at, ...nothingKnown, ...reading }
    },
    async close() {},
  }
}
