import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { byNvidiaSmi, readLook } from '../../../../tasks/gpu/telemetry/by-nvidia-smi.ts'
import { byNvml } from '../../../../tasks/gpu/telemetry/by-nvml.ts'
import type { WantedCard } from '../../../../tasks/gpu/telemetry/choose.ts'
import { openTelemetry, telemetryOf } from '../../../../tasks/gpu/telemetry/open.ts'
import type { GpuTelemetry, Look } from '../../../../tasks/gpu/telemetry/telemetry.ts'
import { type FakeSmi, fakeSmi, h200 } from './fake-smi.ts'

const root = mkdtempSync(join(tmpdir(), 'assay-smi-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const busy = '1980, 3201, 61, 655.43, 100, 71234, 143771, 0x0000000000000004'
let folders = 0

async function open(smi: FakeSmi, wanted: WantedCard = {}, log: (line: string) => void = () => {}) {
  const folder = join(root, String(folders++))
  const telemetry = await byNvidiaSmi(wanted, { env: { PATH: fakeSmi(folder, smi) }, log })
  return { telemetry, folder }
}

async function watched(smi: FakeSmi, log?: (line: string) => void): Promise<GpuTelemetry> {
  const { telemetry } = await open(smi, {}, log)
  if (telemetry.kind === 'none') throw new Error(telemetry.sentence)
  return telemetry
}

async function untilLost(telemetry: GpuTelemetry): Promise<readonly Look[]> {
  const looks: Look[] = []
  while (looks.at(-1)?.state !== 'lost' && looks.length < 50) looks.push(await telemetry.look())
  await telemetry.close()
  return looks
}

describe('nvidia-smi', () => {
  test('runs on and gives a look for each line', async () => {
    const { telemetry, folder } = await open({ looks: [busy] })
    if (telemetry.kind === 'none') throw new Error(telemetry.sentence)
    expect(telemetry).toMatchObject({ kind: 'nvidia-smi', card: { name: 'NVIDIA H200', pciDevice: '0x233510de' } })
    const [first, second] = [await telemetry.look(), await telemetry.look()]
    expect(first).toEqual({
      ...{ state: 'seen', at: first.at, smClock: 1980, memoryClock: 3201, temperature: 61, power: 655.43 },
      ...{ utilisation: 100, memoryUsed: 71234 * 2 ** 20, memoryTotal: 143771 * 2 ** 20 },
      ...{ throttle: ['software power cap'], processes: undefined },
    })
    expect(second.at).toBeGreaterThan(first.at)
    await telemetry.close()
    expect(readFileSync(join(folder, 'asked.txt'), 'utf8')).toContain('--id=GPU-aaaa0000-1111-2222-3333-444444444444')
  })

  test('of an older driver is asked by the older name', async () => {
    const telemetry = await watched({ reasons: 'clocks_throttle_reasons.active', looks: [busy] })
    expect(await telemetry.look()).toMatchObject({ throttle: ['software power cap'] })
    await telemetry.close()
  })

  test('leaves out what it does not know', async () => {
    const vague = '[N/A], 3201, 61, [Not Supported], [N/A], 71234, 143771, [Unknown Error]'
    expect(look(vague)).toMatchObject({
      state: 'seen',
      smClock: undefined,
      memoryClock: 3201,
      power: undefined,
      utilisation: undefined,
      throttle: undefined,
    })
  })

  test('that prints garbage is told of in the log, and its other lines are read', async () => {
    const log: string[] = []
    const torn = ['1980, 3201, 61', 'Warning: persistence mode', busy.replace('61', 'sixty-one'), '\u0000\u0001']
    const telemetry = await watched({ looks: [...torn, busy] }, (line) => log.push(line))
    expect(await telemetry.look()).toMatchObject({ state: 'seen', smClock: 1980 })
    await telemetry.close()
    expect(log).toHaveLength(3)
    expect(log[0]).toBe('nvidia-smi says: 1980, 3201, 61')
  })

  test.each([
    'Unable to determine the device handle for GPU0: 0000:0F:00.0: GPU is lost.  Reboot the system to recover this GPU',
    '[GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost]',
    'Unable to determine the device handle for GPU0000:0F:00.0: Unknown Error',
  ])('that lost the card says so: %s', async (line) => {
    const looks = await untilLost(await watched({ looks: [busy, line] }))
    expect(looks.at(-1)).toMatchObject({ state: 'lost', sentence: `nvidia-smi says: ${line}` })
  })

  test('that ends is a card that is no longer seen', async () => {
    const looks = await untilLost(await watched({ looks: [busy, busy, busy], ends: 9 }))
    expect(looks.map(({ state }) => state)).toContain('seen')
    expect(looks.at(-1)).toMatchObject({ sentence: `nvidia-smi ended with 9: ${busy}` })
  })

  test('that finds no card, or is not there, is none with the reason', async () => {
    const { telemetry } = await open({ cards: ['No devices were found'], looks: [] })
    expect(telemetry).toEqual({ kind: 'none', sentence: 'the NVIDIA driver shows no card' })
    const absent = await byNvidiaSmi({}, { env: { PATH: root }, log: () => {} })
    expect(absent).toEqual({ kind: 'none', sentence: 'there is no nvidia-smi on PATH' })
  })

  test('that fails says why', async () => {
    const { telemetry } = await open({ reasons: 'none_that_is_asked_for', looks: [] })
    expect(telemetry).toMatchObject({
      kind: 'none',
      sentence: expect.stringContaining('is not a valid field to query'),
    })
  })

  test('of several cards watches the one that is used', async () => {
    const other = h200.replace('0, NVIDIA H200, GPU-aaaa', '1, NVIDIA L4, GPU-bbbb').replace('0x2335', '0x27B8')
    for (const wanted of [{ name: 'NVIDIA L4' }, { visible: '1' }, { pciDevice: '0x27b810de' }]) {
      const { telemetry } = await open({ cards: [h200, other], looks: [busy] }, wanted)
      expect(telemetry).toMatchObject({ card: { index: 1 } })
      if (telemetry.kind !== 'none') await telemetry.close()
    }
    const { telemetry } = await open({ cards: [h200], looks: [busy] }, { visible: '-1' })
    expect(telemetry).toMatchObject({ sentence: "no card is visible to CUDA: CUDA_VISIBLE_DEVICES is '-1'" })
  })
})

const nvml = await byNvml({}, { env: process.env, log: () => {} })
if (nvml.kind !== 'none') await nvml.close()

test.skipIf(nvml.kind !== 'none')(
  'where NVML is not there nvidia-smi is asked, and where neither is, nobody',
  async () => {
    const log: string[] = []
    const context = { log: (line: string) => log.push(line) }
    const path = fakeSmi(join(root, 'second'), { looks: [busy] })
    const telemetry = await openTelemetry({}, { ...context, env: { PATH: path } })
    expect(telemetry.kind).toBe('nvidia-smi')
    if (telemetry.kind !== 'none') await telemetry.close()
    expect(log).toEqual([
      "the card is watched by nvidia-smi, since there is no libnvidia-ml.so.1, NVIDIA's own library",
    ])
    expect(await openTelemetry({}, { ...context, env: { PATH: root } })).toEqual({
      kind: 'none',
      sentence:
        "no card can be watched: there is no libnvidia-ml.so.1, NVIDIA's own library, and there is no nvidia-smi on PATH. Cards of other makers are not watched yet",
    })
  },
)

test('an adapter of the CPU is no card, whatever cards there are', async () => {
  const env = { PATH: fakeSmi(join(root, 'third'), { looks: [busy] }) }
  const software = await telemetryOf({ name: 'SwiftShader Device', kind: 'software' }, { env, log: () => {} })
  expect(software).toEqual({ kind: 'none', sentence: 'SwiftShader Device is the CPU, not a card' })
})

function look(line: string): Look | undefined {
  const told = readLook(line)
  return told.kind === 'look' ? told.look(1) : undefined
}
