import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { byNvml } from '../../../../tasks/gpu/telemetry/by-nvml.ts'
import type { WantedCard } from '../../../../tasks/gpu/telemetry/choose.ts'
import type { Look, Telemetry } from '../../../../tasks/gpu/telemetry/telemetry.ts'

const folder = mkdtempSync(join(tmpdir(), 'assay-nvml-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const compiler = Bun.which('cc') ?? Bun.which('gcc')
const missing =
  process.platform !== 'linux' ? 'this is not Linux' : compiler === null ? 'there is no C compiler' : undefined
if (missing !== undefined) console.warn(`skipped: NVML against a stub of it, since ${missing}`)

/** A folder with the library, as newer drivers have it or older ones. */
function library(kind: 'new' | 'old'): string {
  const into = join(folder, kind)
  mkdirSync(into, { recursive: true })
  const words = ['-shared', '-fPIC', '-O1', ...(kind === 'old' ? ['-DOLD'] : []), join(import.meta.dir, 'nvml-stub.c')]
  const made = Bun.spawnSync([compiler ?? 'cc', ...words, '-o', join(into, 'libnvidia-ml.so.1')])
  if (made.exitCode !== 0) throw new Error(made.stderr.toString())
  return into
}

const lines: string[] = []

function open(kind: 'new' | 'old', stub = '', wanted: WantedCard = {}): Promise<Telemetry> {
  const env = { PATH: process.env.PATH, LD_LIBRARY_PATH: library(kind), NVML_STUB: stub }
  return byNvml(wanted, { env, log: (line) => lines.push(line) })
}

async function lookOnce(telemetry: Telemetry): Promise<Look> {
  if (telemetry.kind === 'none') throw new Error(telemetry.sentence)
  try {
    return await telemetry.look()
  } finally {
    await telemetry.close()
  }
}

describe.skipIf(missing !== undefined)('NVML', () => {
  test('tells all of a card, laid out as its header has it', async () => {
    const telemetry = await open('new')
    expect(telemetry).toMatchObject({
      kind: 'nvml',
      note: undefined,
      card: {
        name: 'NVIDIA H200',
        index: 0,
        uuid: 'GPU-aaaa0000-1111-2222-3333-444444444444',
        pciDevice: '0x233510de',
        driver: '580.65.06',
      },
    })
    const { at, ...look } = await lookOnce(telemetry)
    expect(at).toBeGreaterThan(0)
    expect(look).toEqual({
      state: 'seen',
      smClock: 1980,
      memoryClock: 3201,
      temperature: 47,
      power: 612.5,
      utilisation: 93,
      memoryUsed: 50_000_000_000,
      memoryTotal: 150_754_820_096,
      throttle: ['software power cap', 'hardware thermal slowdown', 'unknown'],
      processes: [
        { pid: 4000, kind: 'compute', memory: 5_000_000_000 },
        { pid: 4001, kind: 'compute', memory: undefined },
        { pid: 4002, kind: 'graphics', memory: undefined },
      ],
    })
  })

  test('of an older driver is asked by older names, and what that lacks is not known', async () => {
    const look = await lookOnce(await open('old'))
    expect(look).toMatchObject({
      power: 123.456,
      memoryUsed: 60_000_000_000,
      memoryTotal: 150_000_000_000,
      throttle: ['hardware slowdown'],
      processes: undefined,
    })
  })

  test('of a card that does not tell everything leaves out the rest', async () => {
    const look = await lookOnce(await open('new', 'mute'))
    expect(look).toMatchObject({ state: 'seen', smClock: 1980, temperature: undefined, utilisation: undefined })
  })

  test('lists more processes than there was room for', async () => {
    const look = await lookOnce(await open('new', 'crowded'))
    expect(look.state === 'seen' && look.processes?.filter(({ kind }) => kind === 'compute')).toHaveLength(40)
  })

  test('finds the card that is used, by name, by PCI device, by what CUDA sees', async () => {
    for (const wanted of [
      { name: 'NVIDIA GeForce RTX 4090' },
      { pciDevice: '0x268410DE' },
      { visible: 'GPU-cccc,0' },
    ] satisfies readonly WantedCard[]) {
      const telemetry = await open('new', '', wanted)
      expect(telemetry).toMatchObject({ card: { index: 2 }, note: undefined })
      await lookOnce(telemetry)
    }
    const other = await open('new', '', { name: 'AMD Instinct MI300X' })
    expect(other).toEqual({
      kind: 'none',
      sentence:
        "no card that NVIDIA's driver shows is the one used, AMD Instinct MI300X: there is NVIDIA H200, NVIDIA GeForce RTX 4090",
    })
  })

  test('says that it is a guess which of several that are alike is meant', async () => {
    const telemetry = await open('new', 'alike')
    expect(telemetry).toMatchObject({
      card: { index: 0 },
      note: '2 cards are NVIDIA H200: the first of them on the PCI bus is watched',
    })
    await lookOnce(telemetry)
  })

  test('without a driver, without a card and without the library is none, with the reason', async () => {
    expect(await open('new', 'no driver')).toEqual({ kind: 'none', sentence: 'NVML does not start: Driver Not Loaded' })
    expect(await open('new', 'no card')).toEqual({ kind: 'none', sentence: 'the NVIDIA driver shows no card' })
    const none = await byNvml({}, { env: { PATH: process.env.PATH }, log: () => {} })
    // On a machine with a card there is one.
    if (none.kind === 'none') expect(none.sentence).toContain('libnvidia-ml.so.1')
    else await none.close()
  })

  test('tells that a card is lost in mid-run, at once and from then on', async () => {
    const telemetry = await open('new', 'lost')
    if (telemetry.kind === 'none') throw new Error(telemetry.sentence)
    let look = await telemetry.look()
    for (let n = 0; n < 10 && look.state === 'seen'; n++) look = await telemetry.look()
    expect(look).toMatchObject({ state: 'lost', sentence: 'NVML says: GPU is lost' })
    expect(await telemetry.look()).toMatchObject({ state: 'lost', sentence: 'NVML says: GPU is lost' })
    await telemetry.close()
  })

  test('that hangs holds up nobody, and is ended', async () => {
    const telemetry = await open('new', 'hangs')
    if (telemetry.kind === 'none') throw new Error(telemetry.sentence)
    let look = await telemetry.look()
    for (let n = 0; n < 10 && look.state === 'seen'; n++) look = await telemetry.look()
    expect(look).toMatchObject({ state: 'lost', sentence: 'NVML told of nothing for 3 s' })
    await telemetry.close()
    expect(await telemetry.look()).toMatchObject({ state: 'lost', sentence: 'NVML was closed' })
  })
})
