import type { Tuning } from '../../../tasks/gpu/kernel.ts'
import { raster } from './raster.ts'
import { staged } from './staged.ts'

/**
 * The shape of a tiled product. A workgroup makes `rows` × `columns` elements of C, `depth` terms of each at a time: the factors' tiles
 * are brought into workgroup memory, from where each thread multiplies `threadRows` × `threadColumns` in registers.
 */
export interface Tiling extends Tuning {
  readonly rows: number
  readonly columns: number
  readonly depth: number
  readonly threadRows: number
  readonly threadColumns: number
  /** 2: the next tiles are fetched while these are multiplied, for twice the workgroup memory and one barrier less. */
  readonly stages: number
  /** How many of 32 consecutive threads, which a card runs as one, lie side by side: 8 × 4 of them read fewer different words than 16 × 2. */
  readonly wide: number
  /** How many of the terms of a tile are written out at a time. */
  readonly unroll: number
}

export function threadsOf({ rows, columns, threadRows, threadColumns }: Tiling): number {
  return (rows / threadRows) * (columns / threadColumns)
}

export function workgroupBytesOf({ rows, columns, depth, stages }: Tiling): number {
  return stages * depth * (leftRow(rows) + columns / 4) * 16
}

/** One more than needed from row to row, so that threads that write below each other meet in fewer banks of the memory. */
function leftRow(rows: number): number {
  return rows / 4 + 1
}

export interface TiledProduct {
  readonly n: number
  /** Elements from one row to the next, in all three matrices; a multiple of `unit`. */
  readonly stride: number
  /** Elements in 16 bytes: 4 of f32, 8 of f16. */
  readonly unit: 4 | 8
  readonly tiling: Tiling
}

/**
 * C = A·B. A lies transposed in workgroup memory, so that both operands of the inner product come in fours; each thread therefore turns blocks
 * of 4 rows × 16 bytes in registers on their way. What repeats is written out here, since Tint unrolls nothing. Workgroup memory is indexed in
 * three steps, so that what Dawn clamps an index to is the same in every term and computed once.
 */
export function tiledProduct(product: TiledProduct): string {
  const { n, stride, unit, tiling } = product
  const { rows, columns, depth, threadRows, threadColumns, stages, wide } = tiling
  const threads = threadsOf(tiling)
  const across = columns / threadColumns
  const tiles = Math.ceil(n / depth)
  const stored = unit === 4 ? 'vec4<f32>' : 'vec4<u32>'
  const blocks = blocksOf(product)
  const fetch = blocks.map(({ fetch }) => fetch).join('\n')
  const store = blocks.map(({ store }) => store).join('\n')
  const inner = multiply(tiling)
  return `
@group(0) @binding(0) var<storage, read> a: array<${stored}, ${(n * stride) / unit}>;
@group(0) @binding(1) var<storage, read> b: array<${stored}, ${(n * stride) / unit}>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<f32>, ${(n * stride) / 4}>;

var<workgroup> left: array<array<array<vec4<f32>, ${leftRow(rows)}>, ${depth}>, ${stages}>;
var<workgroup> right: array<array<array<vec4<f32>, ${columns / 4}>, ${depth}>, ${stages}>;

${raster(Math.ceil(n / rows), Math.ceil(n / columns))}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let tile = tileOf(group);
  let top = tile.x * ${rows}u;
  let start = tile.y * ${columns}u;
  let x = (thread / 32u) % ${across / wide}u * ${wide}u + thread % ${wide}u;
  let y = (thread / 32u) / ${across / wide}u * ${32 / wide}u + thread % 32u / ${wide}u;
${blocks.map((_, q) => range(4, (r) => `  var f${q}_${r}: ${stored};`).join('\n')).join('\n')}
${range(threadRows, (r) => range(threadColumns / 4, (j) => `  var c${r}_${j}: vec4<f32>;`).join('\n')).join('\n')}
${staged(stages, tiles, { fetch, store, multiply: inner })}
${write(product)}
}
`
}

/** The blocks that a thread brings into workgroup memory: into registers (f0_0…), and from there. Those of A come first. */
function blocksOf({ n, stride, unit, tiling }: TiledProduct) {
  const { rows, columns, depth } = tiling
  const threads = threadsOf(tiling)
  const ofA = (rows / 4) * (depth / unit)
  const ofB = (depth / 4) * (columns / unit)
  const raggedA = n % rows !== 0 || n % depth !== 0
  const raggedB = n % columns !== 0 || n % depth !== 0
  const rowUnits = stride / unit
  return range(Math.ceil((ofA + ofB) / threads), (q) => {
    const [first, end] = [q * threads, (q + 1) * threads]
    const names = `
    let block = thread + ${first}u;
    let ka = block % ${depth / unit}u;
    let ma = block / ${depth / unit}u;
    let kb = (block - ${ofA}u) / ${columns / unit}u;
    let nb = (block - ${ofA}u) % ${columns / unit}u;`
    const branch = (a: string, b: string) => {
      if (end <= ofA) return `    {${names}\n${a}\n    }`
      const rest = end <= ofA + ofB ? `else {\n${b}\n    }` : `else if (block < ${ofA + ofB}u) {\n${b}\n    }`
      return first >= ofA
        ? `    {${names}\n    ${rest.replace('else ', '')}\n    }`
        : `    {${names}\n    if (block < ${ofA}u) {\n${a}\n    } ${rest}\n    }`
    }
    const read = (r: number, from: string, row: string, unitOfRow: string, ragged: boolean) => {
      const load = `f${q}_${r} = ${from}[(${row}) * ${rowUnits}u + ${unitOfRow}];`
      if (!ragged) return `      ${load}`
      return `      f${q}_${r} = vec4(); if (${row} < ${n}u && ${unitOfRow} < ${rowUnits}u) { ${load} }`
    }
    return {
      fetch: branch(
        range(4, (r) => read(r, 'a', `top + ma * 4u + ${r}u`, `t * ${depth / unit}u + ka`, raggedA)).join('\n'),
        range(4, (r) => read(r, 'b', `t * ${depth}u + kb * 4u + ${r}u`, `start / ${unit}u + nb`, raggedB)).join('\n'),
      ),
      store: branch(storeA(q, unit), storeB(q, unit)),
    }
  })
}

function storeA(q: number, unit: 4 | 8): string {
  const quads = range(4, (r) =>
    wide(`f${q}_${r}`, unit)
      .map((quad, h) => `      let q${r}_${h} = ${quad};`)
      .join('\n'),
  )
  const turned = range(unit, (e) => {
    const part = `${Math.floor(e / 4)}.${'xyzw'[e % 4]}`
    return `      left[next][ka * ${unit}u + ${e}u][ma] = vec4(q0_${part}, q1_${part}, q2_${part}, q3_${part});`
  })
  return [...quads, ...turned].join('\n')
}

function storeB(q: number, unit: 4 | 8): string {
  return range(4, (r) =>
    wide(`f${q}_${r}`, unit)
      .map((quad, h) => `      right[next][kb * 4u + ${r}u][nb * ${unit / 4}u + ${h}u] = ${quad};`)
      .join('\n'),
  ).join('\n')
}

/** 16 bytes as vectors of f32. f16 is unpacked by what WGSL has without `shader-f16`. */
function wide(value: string, unit: 4 | 8): readonly string[] {
  if (unit === 4) return [value]
  return ['xy', 'zw'].map(([low, high]) => `vec4(unpack2x16float(${value}.${low}), unpack2x16float(${value}.${high}))`)
}

function multiply({ rows, columns, depth, threadRows, threadColumns, unroll }: Tiling): string {
  const [down, across] = [rows / threadRows, columns / threadColumns]
  const terms = range(unroll, (k) => {
    const term = unroll === depth ? `${k}` : `k + ${k}u`
    const lefts = range(threadRows / 4, (i) => `      let a${i} = left[now][${term}][${i * down}u + y];`)
    const rights = range(threadColumns / 4, (j) => `      let b${j} = right[now][${term}][${j * across}u + x];`)
    const products = range(threadRows, (r) =>
      range(threadColumns / 4, (j) => {
        const factor = `a${Math.floor(r / 4)}.${'xyzw'[r % 4]}`
        return `      c${r}_${j} = fma(vec4(${factor}), b${j}, c${r}_${j});`
      }).join('\n'),
    )
    return `    {\n${[...lefts, ...rights, ...products].join('\n')}\n    }`
  }).join('\n')
  return unroll === depth ? terms : `    for (var k = 0u; k < ${depth}u; k += ${unroll}u) {\n${terms}\n    }`
}

function write({ n, stride, tiling }: TiledProduct): string {
  const { rows, columns, threadRows, threadColumns } = tiling
  const ragged = n % rows !== 0 || n % columns !== 0
  return range(threadRows, (r) =>
    range(threadColumns / 4, (j) => {
      const row = `top + ${(Math.floor(r / 4) * rows * 4) / threadRows + (r % 4)}u + y * 4u`
      const quad = `start / 4u + ${(j * columns) / threadColumns}u + x`
      const guard = ragged ? `if (${row} < ${n}u && ${quad} < ${stride / 4}u) ` : ''
      return `  ${guard}{ c[(${row}) * ${stride / 4}u + ${quad}] = c${r}_${j}; }`
    }).join('\n'),
  ).join('\n')
}

function range<T>(length: number, each: (at: number) => T): readonly T[] {
  return Array.from({ length }, (_, at) => each(at))
}
