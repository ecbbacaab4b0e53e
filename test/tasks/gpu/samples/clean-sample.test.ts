import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import * as fc from 'fast-check'
import { type Clean, type CleanOptions, cleanSample } from '../../../../tasks/gpu/samples/clean-sample.ts'
import { warmToSteadyClocks } from '../../../../tasks/gpu/samples/warm-up.ts'
import { fakeTelemetry } from '../../../../tasks/gpu/telemetry/fake.ts'
import type { Reading } from '../../../../tasks/gpu/telemetry/telemetry.ts'
import { refusal } from '../refusal.ts'

const root = mkdtempSync(join(tmpdir(), 'assay-clean-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const own = 4000
const mine = [{ pid: own, kind: 'compute', memory: 1e9 }] as const
const idle: Partial<Reading> = { smClock: 210, throttle: ['idle'], processes: mine }
const well: Partial<Reading> = { smClock: 1980, throttle: [], processes: mine }

/** What may befall a sample, and the mark it gets. */
const befalls = {
  nothing: { looks: [well], kinds: [], spoilt: false },
  'a pause': { looks: [well, idle], kinds: [], spoilt: false },
  'less than 3 %': { looks: [well, { ...well, smClock: 1925 }], kinds: [], spoilt: false },
  'a desktop': {
    looks: [{ ...well, processes: [...mine, { pid: 7, kind: 'graphics', memory: 1 }] }],
    kinds: [],
    spoilt: false,
  },
  'the power cap': { looks: [{ ...well, throttle: ['software power cap'] }], kinds: ['held'], spoilt: false },
  'set clocks': { looks: [{ ...well, throttle: ['application clocks'] }], kinds: ['held'], spoilt: false },
  heat: {
    looks: [well, { ...well, throttle: ['hardware thermal slowdown', 'software power cap'] }],
    kinds: ['throttled', 'held'],
    spoilt: true,
  },
  'a bit of no name': { looks: [{ ...well, throttle: ['unknown'] }], kinds: ['throttled'], spoilt: true },
  'other clocks': { looks: [well, { ...well, smClock: 1905 }], kinds: ['clock moved'], spoilt: true },
  somebody: {
    looks: [{ ...well, processes: [...mine, { pid: 7, kind: 'compute', memory: 1 }] }],
    kinds: ['shared'],
    spoilt: true,
  },
} satisfies Record<string, { looks: readonly Partial<Reading>[]; kinds: readonly string[]; spoilt: boolean }>
type Befall = keyof typeof befalls

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A card that something befalls whenever a sample is taken of it, and that is idle between. */
function bench(script: readonly Befall[]) {
  let now: readonly Partial<Reading>[] = [idle]
  let taken = 0
  const telemetry = fakeTelemetry((n) => now[n % now.length] ?? well)
  const take = async () => {
    const befall = script[Math.min(taken++, script.length - 1)] ?? 'nothing'
    now = befalls[befall].looks
    // Long enough for each of its looks to be seen.
    for (let turns = 0; turns < 12; turns++) await turn()
    now = [idle]
    return taken
  }
  return { telemetry, take, taken: () => taken }
}

let folder = ''
let log: string[] = []
const context = {
  signal: new AbortController().signal,
  get folder() {
    return folder
  },
  log: (line: string) => void log.push(line),
}
beforeEach(() => fresh())

function fresh(): void {
  folder = mkdtempSync(join(root, 'step-'))
  log = []
}

function sample(
  script: readonly Befall[],
  more: Partial<CleanOptions> = {},
): { clean: Promise<Clean<number>>; taken(): number } {
  const { telemetry, take, taken } = bench(script)
  return { clean: cleanSample(take, { telemetry, own: () => [own], sample: 'triad 1', ...more }, context), taken }
}

function looked(): readonly Record<string, string>[] {
  return parse(readFileSync(join(folder, 'looks.csv')), { columns: true })
}

const names = Object.keys(befalls).filter((name): name is Befall => name in befalls)

describe('a sample', () => {
  test('is the first one that nothing spoilt, or the last there may be, with its marks', async () => {
    const scripts = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(scripts, fc.integer({ min: 0, max: 4 }), async (script, replacements) => {
        fresh()
        const { clean, taken } = sample(script, { replacements })
        const { value, marks, attempts } = await clean
        const last = script[script.length - 1] ?? 'nothing'
        const all = Array.from({ length: replacements + 1 }, (_, n) => script[n] ?? last)
        const first = all.findIndex((befall) => !befalls[befall].spoilt)
        const given = first === -1 ? replacements : first
        expect([value, attempts, taken()]).toEqual([given + 1, given + 1, given + 1])
        expect(marks.map(({ kind }): string => kind)).toEqual([...befalls[all[given] ?? last].kinds])
        // Each is told of in the artifact, and each that is marked in the log.
        const rows = looked()
        const fates = all.slice(0, given + 1).map((_, n) => rows.find(({ attempt }) => attempt === String(n + 1))?.fate)
        const kept = marks.length === 0 ? 'clean' : 'marked'
        expect(fates).toEqual([...Array.from({ length: given }, () => 'replaced'), kept])
        expect(log).toHaveLength(given + (kept === 'marked' ? 1 : 0))
      }),
      { numRuns: 60 },
    )
  })

  test('is taken again once the card has recovered, or after some looks at it all the same', async () => {
    const hot: Partial<Reading> = { ...well, throttle: ['hardware thermal slowdown'] }
    for (const [recovers, waits] of [
      [12, 12],
      [Number.POSITIVE_INFINITY, 60],
    ] as const) {
      fresh()
      let [taken, ended, began] = [0, 0, 0]
      const telemetry = fakeTelemetry((n) => (taken > 0 && n >= ended + recovers ? well : hot))
      const take = async () => {
        taken += 1
        began = telemetry.looks()
        await turn()
        if (taken === 1) ended = telemetry.looks()
      }
      await cleanSample(take, { telemetry, own: () => [own], sample: 'triad 1', replacements: 1 }, context)
      expect(taken).toBe(2)
      expect(Math.abs(began - ended - waits)).toBeLessThanOrEqual(3)
    }
  })

  test('that stays spoilt is refused by a sentence where that is asked', async () => {
    const { clean } = sample(['somebody'], { replacements: 2, otherwise: 'refused' })
    expect(await refusal(clean)).toBe(
      'Cannot take a clean sample of triad 1: the last of 3 was another process uses the card: 7. See looks.csv',
    )
    expect(looked().at(-1)).toMatchObject({ fate: 'refused' })
  })

  test('has its looks in an artifact, before, during and after', async () => {
    await sample(['heat', 'nothing']).clean
    const rows = looked()
    expect(Object.keys(rows[0] ?? {})).toContain('sm_clock_mhz')
    const phases = rows.filter(({ attempt }) => attempt === '1').map(({ phase }) => phase)
    expect([phases.at(0), phases.at(1), phases.at(-1)]).toEqual(['before', 'during', 'after'])
    expect(rows.find(({ throttle }) => throttle !== 'idle' && throttle !== '')).toMatchObject({
      attempt: '1',
      throttle: 'hardware thermal slowdown; software power cap',
      processes: '4000 compute 1000000000',
      marks: 'throttled: hardware thermal slowdown; clocks held by: software power cap',
    })
    expect(log).toEqual(['triad 1: throttled: hardware thermal slowdown; clocks held by: software power cap; replaced'])
  })

  test('that fails keeps its looks and its error', async () => {
    const { telemetry } = bench(['nothing'])
    const failing = async () => {
      await turn()
      throw new Error('device lost')
    }
    const clean = cleanSample(failing, { telemetry, own: () => [own], sample: 'triad 1' }, context)
    expect(await refusal(clean)).toBe('device lost')
    expect(looked().map(({ fate }) => fate)).toContain('failed')
  })

  test('of a card that is lost meanwhile, or is not watched at all, is given with that mark', async () => {
    const take = async () => {
      for (let turns = 0; turns < 12; turns++) await turn()
      return 1
    }
    const telemetry = fakeTelemetry((n) => (n < 2 ? well : undefined))
    const lost = await cleanSample(take, { telemetry, own: () => [own], sample: 'triad 1' }, context)
    expect(lost).toEqual({ value: 1, marks: [{ kind: 'not watched', text: 'GPU is lost' }], attempts: 1 })
    fresh()
    const none = { kind: 'none', sentence: 'no card can be watched' } as const
    const blind = await cleanSample(take, { telemetry: none, own: () => [own], sample: 'triad 1' }, context)
    expect(blind).toEqual({ value: 1, marks: [{ kind: 'not watched', text: none.sentence }], attempts: 1 })
    expect(existsSync(join(folder, 'looks.csv'))).toBe(false)
  })

  test('says what the card does not tell', async () => {
    const telemetry = fakeTelemetry(() => ({ smClock: 1980 }))
    const { marks } = await cleanSample(async () => 1, { telemetry, own: () => [own], sample: 'triad 1' }, context)
    expect(marks.map(({ text }) => text)).toEqual([
      'what holds the clocks down is not told',
      'who else uses the card is not told',
    ])
  })

  test('in a container, where its process has another number, is shared only where there are more than its own', async () => {
    const of = (...given: number[]) =>
      fakeTelemetry(() => ({ ...well, processes: given.map((pid) => ({ pid, kind: 'compute', memory: 1 }) as const) }))
    const options = { own: () => [own], sample: 'triad 1', replacements: 0 }
    const alone = await cleanSample(async () => 1, { telemetry: of(99001), ...options }, context)
    expect(alone.marks).toEqual([])
    const shared = await cleanSample(async () => 1, { telemetry: of(99001, 99002), ...options }, context)
    expect(shared.marks).toEqual([
      {
        kind: 'shared',
        text: 'another process uses the card: 99001, 99002, of which 1 may be ours under another number',
      },
    ])
  })
})

describe('the warm-up', () => {
  const warm = (clocks: (sample: number) => number | undefined) => {
    let taken = 0
    const telemetry = fakeTelemetry(() => ({ ...well, smClock: clocks(taken) }))
    const take = async () => {
      taken += 1
      await turn()
      await turn()
    }
    return warmToSteadyClocks(take, { telemetry, own: () => [own] }, context)
  }

  test('ends once three samples in a row have the same clock, within 1 %, and says so', async () => {
    expect(await warm((n) => (n < 5 ? 1000 + 200 * n : 1975 + (n % 2)))).toEqual({
      samples: 7,
      kind: 'steady',
      because: 'the SM clock was 1975 to 1976 MHz in the last 3',
    })
    expect(log).toEqual(['warmed up by 7 samples: the SM clock was 1975 to 1976 MHz in the last 3'])
    expect(new Set(looked().map(({ fate }) => fate))).toEqual(new Set(['warm-up']))
  })

  test('is bounded, whatever the clocks do', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 300, max: 3000 }), { minLength: 21, maxLength: 30 }),
        async (clocks) => {
          fresh()
          const { samples, kind } = await warm((n) => clocks[n])
          expect(samples).toBeLessThanOrEqual(20)
          if (kind === 'bounded') expect(samples).toBe(20)
        },
      ),
      { numRuns: 15 },
    )
    expect(await warm((n) => 1000 + 50 * n)).toMatchObject({ samples: 20, kind: 'bounded' })
    expect(log.at(-1)).toContain('and is still not steady')
  })

  test('where the clocks are not told is three samples', async () => {
    expect(await warm(() => undefined)).toMatchObject({ samples: 3, kind: 'not watched' })
    let taken = 0
    const telemetry = { kind: 'none', sentence: 'there is none' } as const
    const take = async () => {
      taken += 1
    }
    expect(await warmToSteadyClocks(take, { telemetry, own: () => [] }, context)).toMatchObject({
      kind: 'not watched',
      because: 'there is none',
    })
    expect(taken).toBe(3)
  })
})
