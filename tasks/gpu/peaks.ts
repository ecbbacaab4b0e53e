/** What the maker of a card publishes it to do at best. */
export interface Peak {
  /** As it is sold; where drivers give several cards one name, which of them is meant. */
  readonly name: string
  /** Of its memory, GB/s. */
  readonly bandwidth: number
  /** TFLOP/s of fused multiply-adds in fp32, without tensor cores; undefined where none is published that could be confirmed. */
  readonly fp32: number | undefined
  /** TFLOP/s of dense f16 matrices with sums in fp32, by tensor cores where it has any; twice as much with sparsity is no figure of ours. */
  readonly f16: number | undefined
  /** GB. */
  readonly memory: number
  /** The document that has the figures. */
  readonly source: string
}

type Row = readonly [
  words: string,
  name: string,
  bandwidth: number,
  fp32: number | undefined,
  f16: number | undefined,
  memory: number,
]

const none = undefined

/** `words`: all of them are in the name that a driver gives the card, in any order. */
const tables: Readonly<Record<string, readonly Row[]>> = {
  'NVIDIA Tesla V100 datasheet': [
    ['v100 sxm', 'NVIDIA V100 SXM', 900, 15.7, 125, 32],
    ['v100 pcie', 'NVIDIA V100 PCIe', 900, 14.1, none, 32],
  ],
  'NVIDIA T4 datasheet': [['t4', 'NVIDIA T4', 320, 8.1, 65, 16]],
  'NVIDIA A10 datasheet': [['a10', 'NVIDIA A10', 600, 31.2, 125, 24]],
  'NVIDIA A100 datasheet': [
    ['a100 40gb', 'NVIDIA A100 40GB', 1555, 19.5, 312, 40],
    ['a100 80gb pcie', 'NVIDIA A100 80GB PCIe', 1935, 19.5, 312, 80],
    ['a100 80gb sxm', 'NVIDIA A100 80GB SXM', 2039, 19.5, 312, 80],
  ],
  'NVIDIA L4 datasheet': [['l4', 'NVIDIA L4', 300, 30.3, 121, 24]],
  'NVIDIA L40S datasheet': [['l40s', 'NVIDIA L40S', 864, 91.6, 362, 48]],
  'NVIDIA H100 datasheet': [
    ['h100 pcie', 'NVIDIA H100 PCIe', 2000, 51, 756, 80],
    ['h100 hbm3', 'NVIDIA H100 SXM', 3350, 67, 989, 80],
    ['h100 sxm', 'NVIDIA H100 SXM', 3350, 67, 989, 80],
    ['h100 nvl', 'NVIDIA H100 NVL', 3930, none, none, 94],
  ],
  'NVIDIA H200 datasheet': [
    ['h200', 'NVIDIA H200 SXM', 4800, 67, 989, 141],
    ['h200 nvl', 'NVIDIA H200 NVL', 4800, none, none, 141],
  ],
  'NVIDIA Blackwell architecture technical brief': [['b200', 'NVIDIA B200', 8000, 80, 2250, 192]],
  'NVIDIA Ampere GA102 GPU architecture whitepaper and product pages': [
    ['rtx 3060', 'GeForce RTX 3060 (12 GB)', 360, 12.7, 25.5, 12],
    ['rtx 3060 ti', 'GeForce RTX 3060 Ti (GDDR6)', 448, 16.2, 32.4, 8],
    ['rtx 3070', 'GeForce RTX 3070', 448, 20.3, 40.6, 8],
    ['rtx 3070 ti', 'GeForce RTX 3070 Ti', 608, 21.7, 43.5, 8],
    ['rtx 3080', 'GeForce RTX 3080 (10 GB)', 760, 29.8, 59.5, 10],
    ['rtx 3080 ti', 'GeForce RTX 3080 Ti', 912, 34.1, 68.2, 12],
    ['rtx 3090', 'GeForce RTX 3090', 936, 35.6, 71.2, 24],
    ['rtx 3090 ti', 'GeForce RTX 3090 Ti', 1008, 40, 80, 24],
  ],
  'NVIDIA Ada GPU architecture whitepaper and product pages': [
    ['rtx 4060', 'GeForce RTX 4060', 272, 15.1, 30.2, 8],
    ['rtx 4060 ti', 'GeForce RTX 4060 Ti', 288, 22.1, 44.1, 8],
    ['rtx 4070', 'GeForce RTX 4070', 504, 29.1, 58.3, 12],
    ['rtx 4070 super', 'GeForce RTX 4070 SUPER', 504, 35.5, 71, 12],
    ['rtx 4070 ti', 'GeForce RTX 4070 Ti', 504, 40.1, 80.2, 12],
    ['rtx 4070 ti super', 'GeForce RTX 4070 Ti SUPER', 672, 44.1, 88.2, 16],
    ['rtx 4080', 'GeForce RTX 4080', 716.8, 48.7, 97.5, 16],
    ['rtx 4080 super', 'GeForce RTX 4080 SUPER', 736, 52.2, 104.4, 16],
    ['rtx 4090', 'GeForce RTX 4090', 1008, 82.6, 165.2, 24],
  ],
  'NVIDIA RTX Blackwell GPU architecture whitepaper and product pages': [
    ['rtx 5060 ti', 'GeForce RTX 5060 Ti', 448, 23.7, none, 16],
    ['rtx 5070', 'GeForce RTX 5070', 672, 30.8, none, 12],
    ['rtx 5070 ti', 'GeForce RTX 5070 Ti', 896, 43.9, none, 16],
    ['rtx 5080', 'GeForce RTX 5080', 960, 56.3, none, 16],
    ['rtx 5090', 'GeForce RTX 5090', 1792, 104.8, 209.5, 32],
  ],
  // Drivers show each of its two dies as a card: half of what is published of both.
  'AMD Instinct MI250X data sheet': [['mi250x', 'AMD Instinct MI250X (one of its two dies)', 1638, 23.9, 191.5, 64]],
  'AMD Instinct MI300X data sheet': [['mi300x', 'AMD Instinct MI300X', 5300, 163.4, 1307.4, 192]],
  'AMD Radeon RX 7900 XTX product page': [['7900 xtx', 'Radeon RX 7900 XTX', 960, 61.4, 122.8, 24]],
  'Intel Arc A-series specifications': [['arc a770', 'Arc A770 (16 GB)', 560, none, none, 16]],
  // Of the CPU's and the GPU's memory, which is one; its greatest size.
  'Apple newsroom and technical specifications': [
    ['apple m2', 'Apple M2', 100, none, none, 24],
    ['apple m2 pro', 'Apple M2 Pro', 200, none, none, 32],
    ['apple m3', 'Apple M3', 100, none, none, 24],
    ['apple m3 pro', 'Apple M3 Pro', 150, none, none, 36],
    ['apple m4', 'Apple M4', 120, none, none, 32],
    ['apple m4 pro', 'Apple M4 Pro', 273, none, none, 64],
    ['apple m1 ultra', 'Apple M1 Ultra', 800, none, none, 128],
    ['apple m2 ultra', 'Apple M2 Ultra', 800, none, none, 192],
  ],
}

const peaks = Object.entries(tables).flatMap(([source, rows]) =>
  rows.map(([words, name, bandwidth, fp32, f16, memory]) => ({
    words: words.split(' '),
    peak: { name, bandwidth, fp32, f16, memory, source } satisfies Peak,
  })),
)

/** All that are known, for a table in a report. */
export const publishedPeaks: readonly Peak[] = peaks.map(({ peak }) => peak)

/** Words that make a card another one, where the one that matches does not have them; a part of a card, or a virtual one, is another too. */
const another = /^(ti|super|d|laptop|mobile|max|q|pro|ultra|nvl|mig|grid|vgpu|xt|\d+[abcq])$/

/** What is published of the card that a driver names so; the match of most words wins. Undefined where none is known, as for software. */
export function peakOf(adapter: string): Peak | undefined {
  const given = wordsOf(adapter)
  const found = peaks.filter(({ words }) => words.every((word) => given.includes(word)))
  const [longest] = found.toSorted((a, b) => b.words.length - a.words.length)
  if (longest === undefined) return undefined
  return given.some((word) => another.test(word) && !longest.words.includes(word)) ? undefined : longest.peak
}

function wordsOf(adapter: string): readonly string[] {
  return adapter
    .toLowerCase()
    .replace(/\((r|tm)\)/g, ' ')
    .split(/[^a-z0-9.]+/)
    .map((word) => word.replace(/^sxm\d$/, 'sxm'))
    .filter((word) => word !== '')
}
