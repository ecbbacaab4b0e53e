import { cannot } from '../../../lib/index.ts'
import type { Kernel, Tuning } from '../../../tasks/gpu/kernel.ts'
import { gridOf } from '../common/grid.ts'
import { randomAt } from '../common/random.ts'
import { endOf, type Rounding, roundings } from './orbit.ts'

/** Multiplications with addition that an invocation does. */
const each = 2 ** 15
/** How many of them are written out between two looks at the loop's counter. */
const between = 512
/** What chains begin with, vectors of it, one after the other: few enough to follow each on the CPU. The shift lies behind them. */
const starts = 1024
/** Exact in f16. */
export const shift = -1.875

interface Chains {
  /** Chains of an invocation, none of which waits for another. */
  readonly chains: number
  /** Numbers in each of them: two of f16 share an instruction. */
  readonly vector: number
  readonly workgroup: number
}

/**
 * The peak of multiplication with addition in registers, `size` invocations of 2¹⁵ each, on data that keeps changing. FLOP: two for each, as
 * clpeak and vkpeak count; the few that write the result down are not counted (one in 500).
 */
export function fmaKernel(name: string, bits: 16 | 32): Kernel {
  const vectors = bits === 32 ? [4, 1] : [4, 2]
  const shapes = vectors.flatMap((vector) => [8, 4, 16].map((chains) => ({ chains, vector, workgroup: 256 })))
  return {
    name,
    needs: bits === 16 ? ['shader-f16'] : [],
    tunings: (_, { limits }) =>
      [...shapes, { chains: 8, vector: 4, workgroup: 1024 }, { chains: 8, vector: 4, workgroup: 128 }].filter(
        ({ workgroup }) => workgroup <= (limits.maxComputeInvocationsPerWorkgroup ?? 0),
      ),
    prepare(size, tuning, device) {
      if (!(Number.isSafeInteger(size) && size >= 1 && size < 2 ** 30))
        throw cannot(`run ${name}`, 'size', 'a number of invocations, from 1', size)
      const chains = chainsOf(tuning)
      const grid = gridOf(Math.ceil(size / chains.workgroup), device)
      return {
        buffers: { start: { bytes: ((starts + 4) * bits) / 8, fill: fills[bits] }, end: { bytes: 4 * size } },
        work: [
          {
            kind: 'dispatch',
            wgsl: shader(size, bits, chains, grid.group),
            entry: 'main',
            bindings: [
              { buffer: 'start', access: 'read' },
              { buffer: 'end', access: 'write' },
            ],
            groups: grid.groups,
          },
        ],
        bytes: 0,
        flop: 2 * each * size,
        count: 1,
        check: async (read) => wrongEnd(new Uint32Array(await read('end')), bits, chains),
      }
    },
  }
}

function chainsOf({ chains = 0, vector = 0, workgroup = 0 }: Tuning): Chains {
  return { chains, vector, workgroup }
}

const stepsOf = ({ chains, vector }: Chains) => each / chains / vector

/** All chains of an invocation end in one word: the exclusive or of their bits, which no order of adding up can change. */
function shader(size: number, bits: 16 | 32, shape: Chains, group: string): string {
  const { chains, vector, workgroup } = shape
  const scalar = bits === 32 ? 'f32' : 'f16'
  const type = vector === 1 ? scalar : `vec${vector}<${scalar}>`
  const ys = Array.from({ length: chains }, (_, chain) => `y${chain}`)
  const written = between / chains / vector
  const word = (vector * bits) / 32
  const held = word === 1 ? 'u32' : `vec${word}<u32>`
  return `${bits === 16 ? 'enable f16;' : ''}
@group(0) @binding(0) var<storage, read> start: array<${type}, ${(starts + 4) / vector}>;
@group(0) @binding(1) var<storage, read_write> end: array<u32, ${size}>;

@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = ${group} * ${workgroup}u + local;
  let c = start[${starts / vector}u];
${ys.map((y, chain) => `  var ${y} = start[(i * ${chains}u + ${chain}u) % ${starts / vector}u];`).join('\n')}
  for (var step = 0u; step < ${stepsOf(shape) / written}u; step++) {
${Array.from({ length: written }, () => ys.map((y) => `    ${y} = fma(${y}, ${y}, c);`).join('\n')).join('\n')}
  }
  let all = ${ys.map((y) => `bitcast<${held}>(${y})`).join(' ^ ')};
  if (i < ${size}u) { end[i] = ${word === 1 ? 'all' : Array.from('xyzw'.slice(0, word), (part) => `all.${part}`).join(' ^ ')}; }
}
`
}

const fills = { 16: fillOf(16), 32: fillOf(32) }

function fillOf(bits: 16 | 32) {
  return (piece: ArrayBuffer, offset: number) => {
    const values = bits === 32 ? new Float32Array(piece) : new Float16Array(piece)
    const first = (offset * 8) / bits
    for (let at = 0; at < values.length; at++) values[at] = first + at < starts ? startAt(first + at) : shift
  }
}

function startAt(index: number): number {
  return Math.floor(randomAt(1, index) * 2048) / 2048
}

/** Rounded one way or another, but the same for all. */
function wrongEnd(got: Uint32Array, bits: 16 | 32, shape: Chains): string | undefined {
  let said: string | undefined
  for (const rounding of roundings) {
    said = wrongOrbit(got, bits, shape, rounding)
    if (said === undefined) return undefined
  }
  return said
}

function wrongOrbit(got: Uint32Array, bits: 16 | 32, shape: Chains, rounding: Rounding): string | undefined {
  const { chains, vector } = shape
  const orbit = { bits, shift, steps: stepsOf(shape), rounding }
  const values = Array.from({ length: starts }, (_, index) => endOf(startAt(index), orbit))
  const words = new Uint32Array((bits === 32 ? Float32Array.from(values) : Float16Array.from(values)).buffer)
  const period = starts / vector / chains
  const right = Array.from({ length: period }, (_, i) => {
    const length = words.length / period
    return words.subarray(i * length, (i + 1) * length).reduce((all, word) => all ^ word, 0) >>> 0
  })
  const at = got.findIndex((word, i) => word !== right[i % period])
  return at < 0
    ? undefined
    : `end[${at}] is ${hex(got[at])}, where ${hex(right[at % period])} is right after ${orbit.steps} steps`
}

const hex = (word = 0) => `0x${word.toString(16).padStart(8, '0')}`
