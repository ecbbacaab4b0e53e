import { cannot, Failure, Problem } from '../../../lib/index.ts'
import type { Kernel, KernelSample, LoadedKernel, Prepared, Tuning } from '../kernel.ts'
import { type BufferPool, bufferPool } from './buffers.ts'
import { type Compiled, compile } from './compile.ts'
import { type Program, programOf } from './program.ts'
import type { Room } from './room.ts'

export interface Loaded extends LoadedKernel {
  /** As many operations on end as take about so long. */
  sample(seconds: number): Promise<KernelSample>
  /** Frees what it holds; throws a Failure if what the samples left is wrong: then they have no speed. */
  unload(): Promise<void>
}

interface Choice {
  readonly tuning: Tuning
  readonly prepared: Prepared
  readonly compiled: Compiled
  readonly seconds: number
}

/**
 * Tries the tunings for about `seconds` together (0: only the first) and keeps the fastest. What is faster than all before is checked against the kernel's
 * reference before it is taken; the others too, as long as checking takes no longer than the search itself.
 */
export async function load(room: Room, kernel: Kernel, size: number, seconds: number): Promise<Loaded> {
  const missing = kernel.needs.filter((feature) => !room.facts.features.includes(feature))
  if (missing.length > 0)
    throw cannot(`run kernel ${kernel.name}`, 'features', `with ${missing.join(', ')}`, room.facts.features.join(', '))
  const pool = bufferPool(room)
  try {
    const { best, search } = await choose(room, kernel, size, seconds, pool)
    const program = await programOf(room, best.prepared, best.compiled, pool)
    const { bytes, flop, count } = best.prepared
    return {
      tuning: best.tuning,
      search,
      compileSeconds: best.compiled.seconds,
      bytes,
      flop,
      count,
      footprint: program.footprint,
      sample: (seconds) => program.sample(seconds),
      unload: () => unload(kernel, size, best.tuning, program, pool),
    }
  } catch (error) {
    await pool.free()
    throw error
  }
}

async function choose(room: Room, kernel: Kernel, size: number, seconds: number, pool: BufferPool) {
  const all = kernel.tunings(size, room.facts)
  const tunings = seconds > 0 ? all : all.slice(0, 1)
  const search: { tuning: Tuning; seconds: number | undefined; refused?: string }[] = []
  let best: Choice | undefined
  let wrong: string | undefined
  let checking = 0
  for (const tuning of tunings) {
    let program: Program | undefined
    try {
      const prepared = kernel.prepare(size, tuning, room.facts)
      const compiled = await compile(room.device, prepared.work)
      program = await programOf(room, prepared, compiled, pool)
      // The first is taken twice: a card's clocks rise under load, and would make it look slow.
      if (search.length === 0) await program.sample(seconds / tunings.length)
      const took = await program.sample(seconds / tunings.length)
      const each = took.deviceSeconds ?? took.wallSeconds
      const fastest = best === undefined || each < best.seconds
      if (fastest || checking < seconds) {
        const started = performance.now()
        const said = await program.check()
        checking += (performance.now() - started) / 1000
        if (said !== undefined) {
          wrong ??= wrongly(kernel, size, tuning, said)
          search.push({ tuning, seconds: undefined, refused: said })
          continue
        }
      }
      search.push({ tuning, seconds: each })
      if (fastest) best = { tuning, prepared, compiled, seconds: each }
    } catch (error) {
      room.alive()
      if (!(error instanceof Problem)) throw error
      search.push({ tuning, seconds: undefined, refused: error.message })
    } finally {
      program?.free()
    }
  }
  if (best !== undefined) return { best, search }
  if (wrong !== undefined) throw new Failure(wrong)
  const reasons = [...new Set(search.map(({ refused }) => refused))].join('; ')
  throw new Problem(`Cannot run kernel ${kernel.name} at size ${size} on ${room.facts.name}: ${reasons}`)
}

async function unload(kernel: Kernel, size: number, tuning: Tuning, program: Program, pool: BufferPool) {
  try {
    const said = await program.check()
    if (said !== undefined) throw new Failure(wrongly(kernel, size, tuning, said))
  } finally {
    program.free()
    await pool.free()
  }
}

function wrongly({ name }: Kernel, size: number, tuning: Tuning, said: string): string {
  const chosen = Object.entries(tuning).map(([choice, value]) => `${choice} ${value}`)
  return `Kernel ${name} computes wrong at size ${size}${chosen.length > 0 ? ` with ${chosen.join(', ')}` : ''}: ${said}`
}
