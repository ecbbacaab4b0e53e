import type { MatrixConfig, Tuning } from '../../../tasks/gpu/kernel.ts'
import { raster } from './raster.ts'
import { staged, type TileWork } from './staged.ts'

/**
 * The shape of a product on matrix units. A workgroup of `down` × `across` subgroups makes `rows` × `columns` elements of C, each subgroup
 * its share of them in the accumulators of its matrix unit, `depth` terms at a time.
 */
export interface MatrixTiling extends Tuning {
  readonly rows: number
  readonly columns: number
  readonly depth: number
  readonly down: number
  readonly across: number
  /** 0: straight from storage. 1: through workgroup memory. 2: so too, the next tiles on their way while these are multiplied. */
  readonly stages: number
  /** How many f16 an element of the arrays holds: all mean the same, but not every driver may be as good at each. */
  readonly packed: number
}

/** What a matrix unit multiplies at once. */
export type MatrixShape = Pick<MatrixConfig, 'm' | 'n' | 'k'>

/** 16 bytes more than needed from row to row, so that a matrix's rows lie in different banks of workgroup memory. */
const pad = 8

export function workgroupBytes({ rows, columns, depth, stages }: MatrixTiling): number {
  return 2 * stages * (rows * (depth + pad) + depth * (columns + pad))
}

export interface MatrixProduct {
  /** The edge of all three matrices as they are stored: a multiple of rows, columns and depth, since a matrix unit knows no bounds. */
  readonly edge: number
  readonly shape: MatrixShape
  /** Invocations of a subgroup, at most. */
  readonly subgroup: number
  readonly tiling: MatrixTiling
}

/**
 * C = A·B, by WGSL's subgroup matrices (columns come before rows in their types). Where a subgroup has fewer invocations than the most that the device has,
 * a workgroup has more of them than shares: these do a share again, with the same result.
 */
export function matrixProduct({ edge, shape, subgroup, tiling }: MatrixProduct): string {
  const { rows, columns, depth, down, across, stages, packed } = tiling
  const { m, n, k } = shape
  const [high, broad] = [rows / down, columns / across]
  const threads = subgroup * down * across
  const stored = storedAs(packed)
  const tiles = edge / depth
  const [is, js] = [steps(high, m), steps(broad, n)]
  const accumulators = is.map((i) => js.map((j) => `  var c${i}_${j}: Result;`).join('\n')).join('\n')
  const [leftRow, rightRow] = stages === 0 ? [edge, edge] : [depth + pad, columns + pad]
  // Where the terms of a tile begin: in storage, or in workgroup memory.
  const left =
    stages === 0 ? `(top + above) * ${edge}u + t * ${depth}u` : `now * ${rows * leftRow}u + above * ${leftRow}u`
  const right = stages === 0 ? `t * ${depth * edge}u + start + before` : `now * ${depth * rightRow}u + before`
  const [from, to] = stages === 0 ? ['a', 'b'] : ['left', 'right']
  const multiply = [
    `      let l = (${left}) / ${packed}u;`,
    `      let r = (${right}) / ${packed}u;`,
    ...steps(depth, k).map((term) =>
      [
        '      {',
        ...is.map((i) => {
          const offset = `l + ${(i * leftRow + term) / packed}u`
          return `        let a${i} = subgroupMatrixLoad<Left, row_major>(&${from}, ${offset}, ${leftRow / packed}u);`
        }),
        ...js.map((j) => {
          const offset = `r + ${(term * rightRow + j) / packed}u`
          return `        let b${j} = subgroupMatrixLoad<Right, row_major>(&${to}, ${offset}, ${rightRow / packed}u);`
        }),
        ...is.flatMap((i) =>
          js.map((j) => `        c${i}_${j} = subgroupMatrixMultiplyAccumulate(a${i}, b${j}, c${i}_${j});`),
        ),
        '      }',
      ].join('\n'),
    ),
  ].join('\n')
  const copies = stages === 0 ? [] : copiesOf(tiling, edge, threads)
  const fetch = copies.map(({ fetch }) => fetch).join('\n')
  const store = copies.map(({ store }) => store).join('\n')
  return `enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

alias Left = subgroup_matrix_left<f16, ${k}, ${m}>;
alias Right = subgroup_matrix_right<f16, ${n}, ${k}>;
alias Result = subgroup_matrix_result<f32, ${n}, ${m}>;

@group(0) @binding(0) var<storage, read> a: array<${stored}, ${(edge * edge) / packed}>;
@group(0) @binding(1) var<storage, read> b: array<${stored}, ${(edge * edge) / packed}>;
@group(0) @binding(2) var<storage, read_write> c: array<f32, ${edge * edge}>;
${
  stages === 0
    ? ''
    : `
var<workgroup> left: array<${stored}, ${(stages * rows * leftRow) / packed}>;
var<workgroup> right: array<${stored}, ${(stages * depth * rightRow) / packed}>;
`
}
${raster(edge / rows, edge / columns)}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_id) subgroup: u32,
) {
  let tile = tileOf(group);
  let top = tile.x * ${rows}u;
  let start = tile.y * ${columns}u;
  let above = subgroup % ${down * across}u / ${across}u * ${high}u;
  let before = subgroup % ${across}u * ${broad}u;
${accumulators}
${loop(stages, tiles, copies.map(({ names }) => names).join('\n'), { fetch, store, multiply })}
${is
  .map((i) =>
    js
      .map((j) => {
        const offset = `(top + above + ${i}u) * ${edge}u + start + before + ${j}u`
        return `  subgroupMatrixStore<row_major>(&c, ${offset}, c${i}_${j}, ${edge}u);`
      })
      .join('\n'),
  )
  .join('\n')}
}
`
}

function loop(stages: number, tiles: number, names: string, work: TileWork): string {
  if (stages === 0) return `  for (var t = 0u; t < ${tiles}u; t++) {\n${work.multiply}\n  }`
  return `${names}\n${staged(stages, tiles, work)}`
}

/** What each invocation carries of a tile of A and one of B, element by element of the arrays, neighbours carrying neighbours. */
function copiesOf({ rows, columns, depth, packed }: MatrixTiling, edge: number, threads: number) {
  const stored = storedAs(packed)
  const parts = [
    {
      from: 'a',
      to: 'left',
      lines: rows,
      length: depth,
      at: (line: string) => `(top + ${line}) * ${edge / packed}u + t * ${depth / packed}u`,
    },
    {
      from: 'b',
      to: 'right',
      lines: depth,
      length: columns,
      at: (line: string) => `(t * ${depth}u + ${line}) * ${edge / packed}u + start / ${packed}u`,
    },
  ]
  return parts.flatMap(({ from, to, lines, length, at }) => {
    const [each, row] = [length / packed, (length + pad) / packed]
    const all = lines * each
    return steps(all, threads).map((first) => {
      const name = `${from}${first}`
      const element = `thread + ${first}u`
      const guard = first + threads > all ? `if (${element} < ${all}u) ` : ''
      const line = `(${element}) / ${each}u`
      const column = `(${element}) % ${each}u`
      return {
        names: `  var ${name}: ${stored};`,
        fetch: `      ${guard}{ ${name} = ${from}[${at(line)} + ${column}]; }`,
        store: `      ${guard}{ ${to}[next * ${lines * row}u + ${line} * ${row}u + ${column}] = ${name}; }`,
      }
    })
  })
}

function storedAs(packed: number): string {
  return packed === 8 ? 'vec4<u32>' : packed === 4 ? 'vec4<f16>' : 'f16'
}

/** 0, step, 2·step… below length. */
function steps(length: number, step: number): readonly number[] {
  return Array.from({ length: Math.ceil(length / step) }, (_, at) => at * step)
}
