import { afterAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fakeMachine } from '../../../lib/machine/fake.ts'
import { hostMachine } from '../../../lib/machine/host.ts'
import { diskFigures } from '../../../lib/machine/noise/disk.ts'
import { measureNoise } from '../../../lib/machine/noise/measure-noise.ts'
import { detectableBy } from '../../../lib/machine/noise/same-work.ts'
import { type NoiseFloor, readNoise, writeNoise } from '../../../lib/machine/noise-floor.ts'
import { machineOf, removeShapes } from './shapes.ts'

afterAll(removeShapes)

const noise: NoiseFloor = {
  schema: 1,
  at: '2026-01-02T03:04:05.678Z',
  machine: '0123456789ab',
  cpu: 'A Processor',
  cores: 8,
  os: 'Linux 6.1',
  bun: '1.4.0',
  figures: [{ name: 'memory', unit: 'GB/s', n: 9, value: 10, low: 9, high: 11 }],
  detectable: [{ n: 5, change: 0.04 }],
  disturbances: [{ kind: 'load', text: 'other programs used 0.8 of 2 cores' }],
}

describe('the noise floor of a machine', () => {
  test('is read as it was written, for that machine alone', () => {
    const folder = join(machineOf({}), '.assay/noise')
    expect(readNoise(folder, noise.machine)).toBeUndefined()
    writeNoise(folder, { ...noise, detectable: [] })
    writeNoise(folder, noise)
    expect(readNoise(folder, noise.machine)).toEqual(noise)
    expect(readNoise(folder, 'ba9876543210')).toBeUndefined()
    expect(readdirSync(folder)).toEqual(['0123456789ab.json'])
  })

  test.each([
    ['torn', '{"schema":1,'],
    ['of another version', JSON.stringify({ ...noise, schema: 2 })],
    ['without its numbers', JSON.stringify({ ...noise, detectable: undefined })],
  ])('is refused with a sentence where its file is %s', (_, text) => {
    const folder = machineOf({ [`${noise.machine}.json`]: text })
    expect(() => readNoise(folder, noise.machine)).toThrow(
      /^Cannot read the noise floor as '.*0123456789ab\.json' must be/,
    )
  })

  test('is known to the machine whose fingerprint it has', () => {
    const folder = machineOf({})
    const machine = hostMachine(folder)
    expect(machine.detectable()).toBeUndefined()
    writeNoise(folder, { ...noise, machine: machine.fingerprint() })
    expect(machine.detectable()).toEqual(noise.detectable)
  })
})

describe('measuring it', () => {
  test('gives every figure with its unit and interval, and leaves no file behind', () => {
    const folder = join(machineOf({}), 'runs')
    const told: string[] = []
    const disturbances = [{ kind: 'load', text: 'other programs used 0.8 of 2 cores' }] as const
    const found = measureNoise({
      machine: fakeMachine(noise.machine, disturbances),
      disks: [{ folder, name: 'runs/' }],
      seconds: 0.1,
      told: (text) => told.push(text),
    })
    expect(found.figures.map(({ unit }) => unit)).toEqual(['ns', 'ns', 'µs', 'µs', 'ms', 'MB/s', 'GB/s', 'ms', 'ratio'])
    for (const { n, value, low, high } of found.figures) {
      expect(n).toBeGreaterThanOrEqual(6)
      if (low !== undefined && high !== undefined)
        expect([low, value, high].toSorted((a, b) => a - b)).toEqual([low, value, high])
    }
    expect(found.disturbances).toEqual([...disturbances])
    expect(found.detectable.map(({ n }) => n)).toEqual([5, 10, 20])
    expect(told.filter((text) => text.includes('pairs'))).toHaveLength(4)
    expect(readdirSync(folder)).toEqual([])
    writeNoise(folder, found)
    expect(readNoise(folder, noise.machine)).toEqual(found)
  })

  test('says which folder cannot be written', () => {
    const file = join(machineOf({ nvme: '' }), 'nvme')
    expect(() => diskFigures(file, 'NVME_ROOT', 0.1)).toThrow(
      /^Cannot measure the disk as '.*nvme' must be a folder that can be written/,
    )
  })
})

describe('the smallest change that pairs show', () => {
  const random = generator(5)
  /** A standard normal variable (G. E. P. Box, M. E. Muller, 1958). */
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const series = (count: number, spread: number) => Array.from({ length: count }, () => Math.exp(spread * normal()))

  test('is that of theory for normal noise, and finer for more pairs', () => {
    const found = new Map(detectableBy(series(600, 0.01), series(600, 0.01)).map(({ n, change }) => [n, change]))
    expect([...found.keys()]).toEqual([5, 10, 20, 50, 100, 200, 500])
    const changes = [...found.values()]
    expect(changes.toSorted((a, b) => b - a)).toEqual(changes)
    for (const n of [50, 100, 200]) {
      // 2.8 standard errors of a median of differences: 1.2533 σ √2 / √n.
      const theory = (2.8016 * 1.2533 * 0.01 * Math.SQRT2) / Math.sqrt(n)
      expect((found.get(n) ?? 0) / theory).toBeWithin(0.75, 1.25)
    }
  })

  test('falls on what pairs have in common', () => {
    const drift = Array.from({ length: 100 }, (_, index) => 1 + index / 20)
    const paired = detectableBy(
      drift.map((x) => x * Math.exp(0.001 * normal())),
      drift.map((x) => x * Math.exp(0.001 * normal())),
    )
    expect(paired.find(({ n }) => n === 50)?.change).toBeLessThan(0.002)
  })

  test('is not told for more pairs than there are', () => {
    expect(detectableBy(series(12, 0.01), series(12, 0.01)).map(({ n }) => n)).toEqual([5, 10])
    expect(detectableBy([], [])).toEqual([])
  })
})

/** The same numbers from 0 to 1 in every test run (mulberry32). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
