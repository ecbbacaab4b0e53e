import type { Kernel } from '../../../tasks/gpu/kernel.ts'
import { gridOf } from './grid.ts'
import { randomAt, randomF32 } from './random.ts'
import { blockOf, blocksOf, type Shape, shapeOf, shapes, typeOf, unrolled } from './shape.ts'

/** A sum over one array or two. */
export interface Reduction {
  readonly name: string
  readonly from: readonly string[]
  /** WGSL of what is summed, of the elements `x` and `y` of `from`, scalars or vectors alike. */
  readonly term: string
  reference(x: number, y: number): number
}

/** The unit roundoff of f32. */
const roundoff = 2 ** -24
/** The one workgroup that adds up what the others found. */
const last = 256

/** Counts what it has to read, 4 N for each array. Each workgroup sums a block of neighbours, then one workgroup their sums. */
export function reductionKernel(reduction: Reduction): Kernel {
  return {
    name: reduction.name,
    needs: [],
    tunings: () => shapes([256, 128, 64], [4, 16]),
    prepare(size, tuning, device) {
      const { from } = reduction
      const shape = shapeOf(tuning)
      const blocks = blocksOf(size, shape)
      const grid = gridOf(blocks, device)
      const inputs = from.map((name, at) => [name, { bytes: 4 * size, fill: randomF32(at + 1) }] as const)
      const read = from.map((buffer) => ({ buffer, access: 'read' as const }))
      return {
        buffers: Object.fromEntries([...inputs, ['sums', { bytes: 4 * blocks }], ['sum', { bytes: 4 }]]),
        work: [
          {
            kind: 'dispatch',
            wgsl: blockShader(reduction, size, shape, grid.group),
            entry: 'main',
            bindings: [...read, { buffer: 'sums', access: 'write' }],
            groups: grid.groups,
          },
          {
            kind: 'dispatch',
            wgsl: lastShader(blocks),
            entry: 'main',
            bindings: [
              { buffer: 'sums', access: 'read' },
              { buffer: 'sum', access: 'write' },
            ],
            groups: [1, 1, 1],
          },
        ],
        bytes: from.length * 4 * size,
        flop: 0,
        count: 1,
        async check(read) {
          const sums = new Float32Array(await read('sums'))
          return wrongBlock(reduction, size, shape, sums) ?? wrongSum(sums, new Float32Array(await read('sum')))
        },
      }
    },
  }
}

/** WGSL: the sum of each block, into `sums`. */
export function blockShader(
  { from, term }: Pick<Reduction, 'from' | 'term'>,
  size: number,
  shape: Shape,
  group: string,
): string {
  const { workgroup, vector, each } = shape
  const type = typeOf(shape)
  const [whole, rest] = [Math.floor(size / vector), size % vector]
  const load = (i: string) => from.map((name, at) => `let ${['x', 'y'][at]} = ${name}[${i}];`).join(' ')
  const tail = Array.from({ length: rest }, (_, at) => `z[${at}]`).join(' + ')
  return `
${from.map((name, at) => `@group(0) @binding(${at}) var<storage, read> ${name}: array<${type}>;`).join('\n')}
@group(0) @binding(${from.length}) var<storage, read_write> sums: array<f32>;
${treeShader(workgroup)}
@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let block = ${group};
  let first = block * ${workgroup * each}u + local;
  var held = ${type}();
  var tail = 0f;
  if (first + ${workgroup * (each - 1)}u < ${whole}u) {
${unrolled(each, (at) => `    { ${load(`first + ${at * workgroup}u`)} held += ${term}; }`)}
  } else {
    for (var i = first; i < first + ${workgroup * each}u; i += ${workgroup}u) {
      if (i < ${whole}u) { ${load('i')} held += ${term}; }
      ${rest === 0 ? '' : `if (i == ${whole}u) { ${load('i')} let z = ${term}; tail = ${tail}; }`}
    }
  }
  let sum = tree(local, tail + ${vector === 1 ? 'held' : `dot(held, ${type}(1))`});
  if (local == 0u && block < ${blocksOf(size, shape)}u) { sums[block] = sum; }
}
`
}

function lastShader(blocks: number): string {
  return `
@group(0) @binding(0) var<storage, read> sums: array<f32>;
@group(0) @binding(1) var<storage, read_write> sum: array<f32>;
${treeShader(last)}
@compute @workgroup_size(${last})
fn main(@builtin(local_invocation_index) local: u32) {
  var held = 0f;
  for (var i = local; i < ${blocks}u; i += ${last}u) { held += sums[i]; }
  let all = tree(local, held);
  if (local == 0u) { sum[0] = all; }
}
`
}

/** WGSL: `tree`, the sum over a workgroup, for its first invocation. */
function treeShader(workgroup: number): string {
  const halvings = Math.log2(workgroup)
  return `
var<workgroup> scratch: array<f32, ${workgroup}>;

fn tree(local: u32, value: f32) -> f32 {
  scratch[local] = value;
${unrolled(halvings, (at) => {
  const half = workgroup >> (at + 1)
  return `  workgroupBarrier();
  if (local < ${half}u) { scratch[local] += scratch[local + ${half}u]; }`
})}
  return scratch[0];
}
`
}

/** The sum of a block is off by at most as many roundings as lie on the longest way of an element to it, each of all that is summed. */
function wrongBlock({ from, reference }: Reduction, size: number, shape: Shape, sums: Float32Array) {
  const two = from.length > 1
  const roundings = 1 + shape.each + shape.vector + Math.log2(shape.workgroup)
  for (let block = 0; block < sums.length; block++) {
    let [sum, sizes] = [0, 0]
    const end = Math.min(size, (block + 1) * blockOf(shape))
    for (let at = block * blockOf(shape); at < end; at++) {
      const value = reference(randomAt(1, at), two ? randomAt(2, at) : 0)
      sum += value
      sizes += Math.abs(value)
    }
    const off = Math.abs((sums[block] ?? Number.NaN) - sum)
    const bound = roundings * roundoff * sizes
    if (!(off <= bound)) return `sums[${block}] is ${sums[block]}, where ${sum} ± ${bound} is right`
  }
  return undefined
}

function wrongSum(sums: Float32Array, [got = Number.NaN]: Float32Array): string | undefined {
  const sum = sums.reduce((all, one) => all + one, 0)
  const roundings = Math.ceil(sums.length / last) + Math.log2(last)
  const bound = roundings * roundoff * sums.reduce((all, one) => all + Math.abs(one), 0)
  return Math.abs(got - sum) <= bound ? undefined : `sum is ${got}, where ${sum} ± ${bound} is right`
}
