import { describe, expect, test } from 'bun:test'
import { judgePeak } from '../../../tasks/gpu/judge-peak.ts'
import { peakOf, publishedPeaks } from '../../../tasks/gpu/peaks.ts'

describe('the published peak', () => {
  // As NVIDIA's, AMD's, Intel's and Apple's drivers name them to Vulkan, CUDA and Metal.
  test.each([
    ['NVIDIA H200', 'NVIDIA H200 SXM'],
    ['NVIDIA H200 NVL', 'NVIDIA H200 NVL'],
    ['NVIDIA H100 80GB HBM3', 'NVIDIA H100 SXM'],
    ['NVIDIA H100 PCIe', 'NVIDIA H100 PCIe'],
    ['NVIDIA H100 NVL', 'NVIDIA H100 NVL'],
    ['NVIDIA A100-SXM4-40GB', 'NVIDIA A100 40GB'],
    ['NVIDIA A100-PCIE-40GB', 'NVIDIA A100 40GB'],
    ['NVIDIA A100-SXM4-80GB', 'NVIDIA A100 80GB SXM'],
    ['NVIDIA A100 80GB PCIe', 'NVIDIA A100 80GB PCIe'],
    ['Tesla V100-SXM2-16GB', 'NVIDIA V100 SXM'],
    ['Tesla V100-PCIE-32GB', 'NVIDIA V100 PCIe'],
    ['Tesla T4', 'NVIDIA T4'],
    ['NVIDIA A10', 'NVIDIA A10'],
    ['NVIDIA L4', 'NVIDIA L4'],
    ['NVIDIA L40S', 'NVIDIA L40S'],
    ['NVIDIA B200', 'NVIDIA B200'],
    ['NVIDIA GeForce RTX 4090', 'GeForce RTX 4090'],
    ['NVIDIA GeForce RTX 4070 Ti SUPER', 'GeForce RTX 4070 Ti SUPER'],
    ['NVIDIA GeForce RTX 4070 Ti', 'GeForce RTX 4070 Ti'],
    ['NVIDIA GeForce RTX 3080 Ti', 'GeForce RTX 3080 Ti'],
    ['NVIDIA GeForce RTX 3060/PCIe/SSE2', 'GeForce RTX 3060 (12 GB)'],
    ['AMD Instinct MI300X', 'AMD Instinct MI300X'],
    ['AMD Radeon RX 7900 XTX (RADV NAVI31)', 'Radeon RX 7900 XTX'],
    ['Intel(R) Arc(TM) A770 Graphics', 'Arc A770 (16 GB)'],
    ['Apple M4 Pro', 'Apple M4 Pro'],
    ['Apple M2', 'Apple M2'],
  ])('of %s is that of %s', (adapter, name) => {
    expect(peakOf(adapter)?.name).toBe(name)
  })

  test.each([
    ...['SwiftShader Device (LLVM 10.0.0)', 'llvmpipe (LLVM 15.0.6, 256 bits)', 'Microsoft Basic Render Driver', ''],
    // Which H100 is not said.
    'NVIDIA H100',
    ...['NVIDIA GeForce RTX 4090 Laptop GPU', 'NVIDIA GeForce RTX 4090 D', 'NVIDIA GeForce RTX 3060 Laptop GPU'],
    ...['NVIDIA A10G', 'NVIDIA GH200 480GB', 'NVIDIA H20', 'NVIDIA GB200', 'NVIDIA L40', 'AMD Radeon RX 7900 XT'],
    ...['NVIDIA A100-SXM4-40GB MIG 1g.5gb', 'NVIDIA L40S-24Q', 'Apple M4 Max', 'Intel(R) Arc(TM) A770M Graphics'],
  ])('of %s is not known', (adapter) => {
    expect(peakOf(adapter)).toBeUndefined()
  })

  test('has a source for each, and figures that belong to one card', () => {
    expect(publishedPeaks.length).toBeGreaterThan(40)
    for (const { name, bandwidth, fp32, f16, memory, source } of publishedPeaks) {
      expect(source).toMatch(/datasheet|data sheet|whitepaper|brief|page|specifications/)
      // What reads all of its memory in less than 10 ms, or takes longer than 0.3 s, is a slip of the pen.
      expect(memory / bandwidth, name).toBeGreaterThan(0.01)
      expect(memory / bandwidth, name).toBeLessThan(0.3)
      if (fp32 !== undefined && f16 !== undefined) expect(f16 / fp32, name).toBeGreaterThan(1.9)
    }
  })
})

describe('the share of a peak', () => {
  const around = (value: number) => Array.from({ length: 20 }, (_, n) => value * (1 + ((n * 7) % 20) / 2000))

  test('passes, fails, or is not decided, by the interval of the median', () => {
    expect(judgePeak('triad', around(4400), 'NVIDIA H200', 'bandwidth', 0.9)).toEqual({
      name: 'triad reaches 90 % of 4800 GB/s',
      verdict: 'pass',
    })
    const slow = judgePeak('triad', around(3900), 'NVIDIA H200', 'bandwidth', 0.9)
    expect(slow).toMatchObject({ verdict: 'fail' })
    expect('reason' in slow && slow.reason).toMatch(
      /^found 3919 GB\/s \(39\d\d to 39\d\d\), 81.64 % of what NVIDIA H200 datasheet has for NVIDIA H200 SXM$/,
    )
    expect(judgePeak('triad', around(4310), 'NVIDIA H200', 'bandwidth', 0.9)).toMatchObject({ verdict: 'undecided' })
    expect(judgePeak('triad', [4700], 'NVIDIA H200', 'bandwidth', 0.9)).toMatchObject({
      verdict: 'undecided',
      reason: expect.stringContaining('1 samples do not tell'),
    })
    expect(judgePeak('triad', [900, 4500, 4600], 'NVIDIA H200', 'bandwidth', 0.9)).toMatchObject({
      reason: expect.stringContaining('found 4500 GB/s (0 to '),
    })
  })

  test('of what is not published is not decided', () => {
    expect(judgePeak('triad', around(12), 'SwiftShader Device', 'bandwidth', 0.9)).toEqual({
      name: 'triad reaches 90 % of the published peak',
      verdict: 'undecided',
      reason: 'no peak of memory bandwidth is known for SwiftShader Device',
    })
    expect(judgePeak('gemm', around(3), 'Apple M4 Pro', 'fp32', 0.5)).toMatchObject({
      reason: 'no peak of fp32 is known for Apple M4 Pro',
    })
    expect(judgePeak('triad', [], 'NVIDIA H200', 'bandwidth', 0.9)).toMatchObject({ verdict: 'undecided' })
  })
})
