import type { Kernel } from '../../../tasks/gpu/kernel.ts'
import { gridOf } from './grid.ts'
import { randomAt, randomF32 } from './random.ts'
import { blocksOf, type Shape, shapeOf, shapes, typeOf, unrolled } from './shape.ts'

/** What BabelStream's operations multiply by. */
export const scalar = 0.4

/** An operation of BabelStream: one array from one or two others, element by element. */
export interface StreamOperation {
  readonly name: string
  readonly from: readonly string[]
  readonly to: string
  /** WGSL, of `x` and `y`, the elements of `from`: scalars or vectors alike. */
  readonly expression: string
  /** The same as f32 is rounded. */
  reference(x: number, y: number): number
  /** The same where the device rounds a product and a sum only once, which WGSL lets it do. */
  fused?(x: number, y: number): number
}

/** BabelStream's count of bytes: 4 N for each array that is read or written. */
export function streamKernel(operation: StreamOperation): Kernel {
  return {
    name: operation.name,
    needs: [],
    tunings: () => shapes([256, 128, 64], [1, 4]),
    prepare(size, tuning, device) {
      const { from, to } = operation
      const bytes = 4 * size
      const shape = shapeOf(tuning)
      const grid = gridOf(blocksOf(size, shape), device)
      const inputs = from.map((name, at) => [name, { bytes, fill: randomF32(at + 1) }] as const)
      const wgsl = shader(operation, size, shape, grid.group)
      const bindings = [
        ...from.map((buffer) => ({ buffer, access: 'read' as const })),
        { buffer: to, access: 'write' as const },
      ]
      return {
        buffers: Object.fromEntries([...inputs, [to, { bytes }]]),
        work: [{ kind: 'dispatch', wgsl, entry: 'main', bindings, groups: grid.groups }],
        bytes: (from.length + 1) * bytes,
        flop: 0,
        count: 1,
        check: async (read) => compare(operation, new Float32Array(await read(to))),
      }
    },
  }
}

/**
 * Neighbours take neighbours, each of them `each` vectors a workgroup apart. All is loaded before anything is stored, as a compiler that can't
 * tell whether the arrays overlap keeps to the order; written out, as Tint does not unroll.
 */
function shader({ from, to, expression }: StreamOperation, size: number, shape: Shape, group: string): string {
  const { workgroup, vector, each } = shape
  const type = typeOf(shape)
  const [whole, rest] = [Math.floor(size / vector), size % vector]
  const names = (at: number) => from.map((_, k) => `${xy[k]}${at}`)
  const load = (i: string, at: number) =>
    names(at)
      .map((name, k) => `let ${name} = ${from[k]}[${i}];`)
      .join(' ')
  const value = (at: number) => `value(${names(at).join(', ')})`
  const tail = Array.from({ length: rest }, (_, at) => `${to}[i][${at}] = z[${at}];`).join(' ')
  return `
${from.map((name, at) => `@group(0) @binding(${at}) var<storage, read> ${name}: array<${type}>;`).join('\n')}
@group(0) @binding(${from.length}) var<storage, read_write> ${to}: array<${type}>;

fn value(${from.map((_, at) => `${xy[at]}: ${type}`).join(', ')}) -> ${type} { return ${expression}; }

fn atEnd(i: u32) {
  if (i < ${whole}u) { ${load('i', 0)} ${to}[i] = ${value(0)}; }
  ${rest === 0 ? '' : `if (i == ${whole}u) { ${load('i', 0)} let z = ${value(0)}; ${tail} }`}
}

@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = ${group} * ${workgroup * each}u + local;
  if (i + ${workgroup * (each - 1)}u < ${whole}u) {
${unrolled(each, (at) => `    ${load(`i + ${at * workgroup}u`, at)}`)}
${unrolled(each, (at) => `    ${to}[i + ${at * workgroup}u] = ${value(at)};`)}
  } else {
${unrolled(each, (at) => `    atEnd(i + ${at * workgroup}u);`)}
  }
}
`
}

const xy = ['x', 'y']

function compare({ to, from, reference, fused }: StreamOperation, got: Float32Array): string | undefined {
  const two = from.length > 1
  let [wrong, first, right] = [0, 0, 0]
  for (let at = 0; at < got.length; at++) {
    const x = randomAt(1, at)
    const y = two ? randomAt(2, at) : 0
    const value = got[at]
    const expected = reference(x, y)
    if (value === expected || (fused !== undefined && value === fused(x, y))) continue
    if (wrong++ === 0) [first, right] = [at, expected]
  }
  if (wrong === 0) return undefined
  const others = wrong === 1 ? '' : `, and ${wrong - 1} more of ${got.length} are wrong`
  return `${to}[${first}] is ${got[first]}, where ${right} is right${others}`
}
