// bun benchmarks/python.ts [--quick]: a Python environment made by Assay, beside what uv alone takes for the same lock file.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentOf } from '../tasks/python/make.ts'
import { workshopHere } from '../tasks/python/place.ts'
import { runProgram } from '../tasks/python/programs.ts'
import { type Recipe, recipes } from '../tasks/python/recipes.ts'
import { median, pairedRatio, printTable, showRatio } from './table.ts'

const quick = process.argv.includes('--quick')
const bar = 1.2

const uv = Bun.which('uv')
if (uv === null) {
  console.log('left out, since there is no uv on PATH (pip install uv)')
  process.exit(0)
}

const scratch = mkdtempSync(join(tmpdir(), 'assay-python-'))
const { signal } = new AbortController()

/** Without torch, whose other build would be another thing to compare; the index is that of uv's own settings. */
const made: readonly Recipe[] = [{ ...withoutTorch(recipes.train), name: 'train without torch' }, recipes.mlflow]

function withoutTorch({ torch: _, modules, ...recipe }: Recipe): Recipe {
  return { ...recipe, modules: modules.filter((name) => name !== 'torch') }
}

async function byUv({ lock }: Recipe, folder: string, env: Record<string, string | undefined>): Promise<void> {
  const install = ['pip', 'install', '--python', join(folder, 'bin/python'), '--no-deps', '--only-binary', ':all:']
  for (const words of [
    ['venv', '--quiet', '--no-project', folder],
    [...install, '-r', lock],
  ]) {
    const ran = await runProgram([uv ?? 'uv', ...words], { env, signal })
    if (ran.kind === 'failed') throw new Error(`uv ${words[0]}: ${ran.reason}`)
  }
}

async function byAssay(recipe: Recipe, folder: string, env: Record<string, string | undefined>): Promise<void> {
  const shop = { ...workshopHere(), folder }
  await environmentOf(recipe, { env, signal, log: () => {}, progress: () => {} }, shop)
}

/** Seconds of each, side by side, either of them first; a cold cache is a new one each time. */
async function race(recipe: Recipe, cache: 'warm' | 'cold', pairs: number) {
  const ours: number[] = []
  const alone: number[] = []
  const once = async (make: typeof byUv, seconds: number[], count: boolean) => {
    const folder = join(scratch, 'made')
    const UV_CACHE_DIR = join(scratch, cache)
    mkdirSync(folder, { recursive: true })
    const began = performance.now()
    await make(recipe, make === byUv ? join(folder, recipe.name) : folder, { ...process.env, UV_CACHE_DIR })
    if (count) seconds.push((performance.now() - began) / 1000)
    rmSync(folder, { recursive: true })
    if (cache === 'cold') rmSync(UV_CACHE_DIR, { recursive: true })
  }
  // Fills the cache.
  if (cache === 'warm') for (const make of [byUv, byAssay]) await once(make, [], false)
  for (let pair = 0; pair < pairs; pair++) {
    const both = [() => once(byAssay, ours, true), () => once(byUv, alone, true)]
    for (const one of Math.random() < 0.5 ? both : both.reverse()) await one()
    process.stderr.write(`\r${recipe.name}, ${cache} cache: pair ${pair + 1} of ${pairs} `)
  }
  process.stderr.write('\n')
  return { ours, alone }
}

try {
  const rows: string[][] = []
  for (const recipe of made)
    for (const cache of ['warm', 'cold'] as const) {
      const pairs = cache === 'warm' ? (quick ? 5 : 20) : quick ? 1 : 6
      const { ours, alone } = await race(recipe, cache, pairs)
      const ratio = pairedRatio(ours, alone)
      const verdict = ratio.high <= bar ? 'pass' : ratio.low > bar ? 'fail' : 'undecided'
      const seconds = [ours, alone].map((values) => `${median(values).toFixed(2)} s`)
      rows.push([recipe.name, cache, ...seconds, showRatio(ratio), `≤ ${bar}`, verdict])
    }
  printTable(['environment', "uv's cache", 'Assay', 'uv alone', 'ratio', 'bar', ''], rows)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
