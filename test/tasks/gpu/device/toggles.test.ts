import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { adaptersIn, pick, usable } from '../../../../tasks/gpu/device/adapters.ts'
import { type Effects, flagsOf, togglesFor, togglesSeen } from '../../../../tasks/gpu/device/toggles.ts'

describe('toggles', () => {
  const works: Effects = {
    vendor: 'nvidia',
    features: ['shader-f16', 'chromium-experimental-subgroup-matrix'],
    timestampStep: 32,
    outOfBounds: { storage: 'hidden', workgroup: 'read' },
  }
  const seen = (effects: Partial<Effects>) =>
    Object.fromEntries(togglesSeen(togglesFor(true), { ...works, ...effects }).map(({ name, seen }) => [name, seen]))

  test('are seen by what they do', () => {
    expect(seen({})).toEqual({
      allow_unsafe_apis: 'yes',
      vulkan_enable_f16_on_nvidia: 'yes',
      disable_robustness: 'yes',
      disable_workgroup_init: 'untold',
      timestamp_quantization: 'yes',
    })
  })

  test.each([
    [{ timestampStep: 65_536 }, { timestamp_quantization: 'no' }],
    [{ timestampStep: 131_072 }, { timestamp_quantization: 'no' }],
    [{ timestampStep: undefined }, { timestamp_quantization: 'untold' }],
    [{ features: ['chromium-experimental-x'] }, { vulkan_enable_f16_on_nvidia: 'no', allow_unsafe_apis: 'yes' }],
    [
      { vendor: 'amd', features: [] },
      { vulkan_enable_f16_on_nvidia: 'untold', allow_unsafe_apis: 'untold' },
    ],
    [{ outOfBounds: { storage: 'hidden', workgroup: 'clamped' } }, { disable_robustness: 'no' }],
    [{ outOfBounds: { storage: 'hidden', workgroup: 'hidden' } }, { disable_robustness: 'untold' }],
  ] as const)('%j is %j', (effects, toggles) => {
    expect(seen(effects)).toMatchObject(toggles)
  })

  test('of a name that nothing is known of do not show, whatever the device does', () => {
    const [one] = togglesSeen({ on: [], off: ['timestamp_quantisation'] }, works)
    expect(one).toMatchObject({ asked: 'off', seen: 'no' })
  })

  test('that are asked for are all known to Dawn', () => {
    const folder = join(import.meta.dir, '../../../../node_modules/webgpu/dist', `${process.platform}-${process.arch}`)
    if (process.platform !== 'linux') return console.log(`skipped: Dawn's names are looked for on Linux alone`)
    const library = readFileSync(join(folder, 'dawn.node'))
    const { on, off } = togglesFor(true)
    for (const name of [...on, ...off]) expect(library.includes(`\0${name}\0`)).toBe(true)
    expect(library.includes('\0timestamp_quantisation\0')).toBe(false)
  })

  test('are given to Dawn as flags', () => {
    expect(flagsOf({ on: ['a', 'b'], off: ['c'] })).toEqual(['enable-dawn-features=a,b', 'disable-dawn-features=c'])
    expect(flagsOf({ on: [], off: [] })).toEqual([])
  })
})

describe('adapters', () => {
  const listed = `no suitable backends found
Available adapters:
 * backend: 'vulkan', name: 'NVIDIA H200'
 * backend: 'vulkan', name: 'NVIDIA H100 'NVL''
 * backend: 'opengl', name: 'llvmpipe (LLVM 15)'`
  const kinds = ['hardware', 'hardware', 'software'] as const
  const all = adaptersIn(listed).map((one, index) => ({ ...one, kind: kinds[index] ?? 'hardware' }))

  test("are read out of Dawn's refusal", () => {
    expect(all.map(({ name, backend }) => [name, backend])).toEqual([
      ['NVIDIA H200', 'vulkan'],
      ["NVIDIA H100 'NVL'", 'vulkan'],
      ['llvmpipe (LLVM 15)', 'opengl'],
    ])
    expect(adaptersIn('')).toEqual([])
  })

  test.each([
    ['hardware', 'NVIDIA H200'],
    ['software', 'llvmpipe (LLVM 15)'],
    ['h100', "NVIDIA H100 'NVL'"],
    ['LLVM', 'llvmpipe (LLVM 15)'],
  ])('%s is %s', (wanted, name) => {
    expect(pick(wanted, all)?.name).toBe(name)
  })

  test('hardware is never the CPU, and software never a card', () => {
    const [card, , cpu] = all
    if (card === undefined || cpu === undefined) throw new Error('no adapters')
    expect(pick('hardware', [cpu])).toBeUndefined()
    expect(pick('software', [card])).toBeUndefined()
    expect(pick('H200', [])).toBeUndefined()
  })

  test('a name that several have, or none, is refused with those there are', () => {
    expect(() => pick('NVIDIA', all)).toThrow(
      "Cannot open a GPU as 'adapter' must be part of one name and not of NVIDIA H200, NVIDIA H100 'NVL': current value is NVIDIA",
    )
    expect(() => pick('B200', all)).toThrow(
      'must be hardware, software or part of a name of those there are: NVIDIA H200',
    )
  })

  test('are taken through OpenGL only where there is no other way', () => {
    const [card] = all
    if (card === undefined) throw new Error('no adapters')
    const slow = { ...card, backend: 'opengl' }
    expect(pick('hardware', usable([slow, card]))).toBe(card)
    expect(pick('hardware', usable([slow]))).toBe(slow)
  })

  test('of the same name are taken for one', () => {
    const twice = all.flatMap((one) => [one, one])
    expect(pick('H200', twice)).toBe(twice[0])
  })
})
