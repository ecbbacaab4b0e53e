import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { fingerprintOf, type Parts, partsOf } from '../../../lib/machine/fingerprint.ts'
import { machineOf, removeShapes } from './shapes.ts'

afterAll(removeShapes)

const parts: Parts = {
  arch: 'x64',
  cpu: 'A Processor @ 3.00GHz',
  cores: 8,
  memory: 64 * 2 ** 30 * 0.975,
  os: 'Linux 6',
  gpus: ['0x1002:0x1900', '0x10de:0x2335'],
}

describe('a fingerprint', () => {
  test('is what baselines that were kept long ago go by', () => {
    expect(fingerprintOf(parts)).toBe('56a013f95c46')
  })

  test('stays when the kernel keeps a little more of the memory to itself', () => {
    for (const gib of [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048]) {
      const of = (share: number) => fingerprintOf({ ...parts, memory: gib * share * 2 ** 30 })
      fc.assert(fc.property(fc.double({ min: 0.955, max: 1, noNaN: true }), (share) => of(share) === of(0.975)))
    }
  })

  test.each<Partial<Parts>>([
    { arch: 'arm64' },
    { cpu: 'A Processor @ 3.20GHz' },
    { cores: 16 },
    { memory: 128 * 2 ** 30 * 0.975 },
    { memory: 48 * 2 ** 30 * 0.975 },
    { os: 'Linux 7' },
    { gpus: ['0x10de:0x2335'] },
    { gpus: [] },
  ])('changes with %o', (change) => {
    expect(fingerprintOf({ ...parts, ...change })).not.toBe(fingerprintOf(parts))
  })

  test('takes the display controllers from the bus, of any maker', () => {
    const device = (name: string, kind: string, id: string) => ({
      [`sys/bus/pci/devices/${name}/class`]: `${kind}\n`,
      [`sys/bus/pci/devices/${name}/vendor`]: '0x10de\n',
      [`sys/bus/pci/devices/${name}/device`]: `${id}\n`,
    })
    const root = machineOf({
      ...device('0000:00:01.0', '0x060400', '0x1111'),
      ...device('0000:01:00.0', '0x030000', '0x2204'),
      ...device('0000:02:00.0', '0x030200', '0x2335'),
    })
    expect(partsOf(root).gpus).toEqual(['0x10de:0x2204', '0x10de:0x2335'])
    expect(partsOf(machineOf({})).gpus).toEqual([])
  })

  test('of this machine is the same in another process', () => {
    const code = `import { fingerprintOf, partsOf } from './lib/machine/fingerprint.ts'; console.log(fingerprintOf(partsOf()))`
    const { stdout } = Bun.spawnSync([process.execPath, '-e', code], { cwd: `${import.meta.dir}/../../..` })
    expect(stdout.toString().trim()).toBe(fingerprintOf(partsOf()))
    expect(stdout.toString()).toMatch(/^[0-9a-f]{12}\n$/)
  })
})
