// bun benchmarks/python.ts [--quick]: a Python environment made by Assay, beside what uv alone takes for the same lock file; and what Assay
// adds to the uv that it starts itself, which no download makes noisy.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentOf } from '../tasks/python/make.ts'
import { workshopHere } from '../tasks/python/place.ts'
import { runProgram } from '../tasks/python/programs.ts'
import { type Recipe, recipes } from '../tasks/python/recipes.ts'
import { median, pairedRatio, printTable, type Ratio, showRatio } from './table.ts'

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

/** A uv that notes, in nanoseconds, when it began and ended. */
const times = join(scratch, 'times')
const noting = join(scratch, 'bin')
mkdirSync(noting)
const stamp = `date +%s%N >> '${times}'`
writeFileSync(join(noting, 'uv'), `#!/bin/sh\n${stamp}\n'${uv}' "$@"\ncode=$?\n${stamp}\nexit $code\n`)
chmodSync(join(noting, 'uv'), 0o755)

/** Seconds that the noting uv ran since it was last asked. */
function secondsInUv(): number {
  const at = readFileSync(times, 'utf8').trim().split('\n').map(Number)
  rmSync(times)
  return at.reduce((sum, time, index) => sum + (index % 2 === 0 ? -time : time), 0) / 1e9
}

async function byAssay(recipe: Recipe, folder: string, env: Record<string, string | undefined>): Promise<void> {
  const shop = { ...workshopHere(), folder }
  await environmentOf(recipe, { env, signal, log: () => {}, progress: () => {} }, shop)
}

/** Seconds in all and in uv, of what Assay makes alone, warm or cold. */
async function shares(recipe: Recipe, cache: 'warm' | 'cold', count: number) {
  const [whole, inUv]: [number[], number[]] = [[], []]
  for (let index = 0; index < count; index++) {
    const folder = join(scratch, 'made')
    const UV_CACHE_DIR = join(scratch, cache)
    mkdirSync(folder, { recursive: true })
    const began = performance.now()
    await byAssay(recipe, folder, { ...process.env, UV_CACHE_DIR, PATH: `${noting}:${process.env.PATH}` })
    whole.push((performance.now() - began) / 1000)
    inUv.push(secondsInUv())
    rmSync(folder, { recursive: true })
    if (cache === 'cold') rmSync(UV_CACHE_DIR, { recursive: true })
  }
  return { whole, inUv }
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
  const shareRows: string[][] = []
  const verdictOf = (ratio: Ratio) => (ratio.high <= bar ? 'pass' : ratio.low > bar ? 'fail' : 'undecided')
  for (const recipe of made)
    for (const cache of ['warm', 'cold'] as const) {
      const pairs = cache === 'warm' ? (quick ? 5 : 20) : quick ? 1 : 6
      const { ours, alone } = await race(recipe, cache, pairs)
      const ratio = pairedRatio(ours, alone)
      const seconds = [ours, alone].map((values) => `${median(values).toFixed(2)} s`)
      rows.push([recipe.name, cache, ...seconds, showRatio(ratio), `≤ ${bar}`, verdictOf(ratio)])
      const { whole, inUv } = await shares(recipe, cache, pairs)
      const share = pairedRatio(whole, inUv)
      const beside = whole.map((all, index) => 1000 * (all - (inUv[index] ?? 0)))
      shareRows.push([
        ...[recipe.name, cache, `${median(whole).toFixed(2)} s`, `${median(beside).toFixed(0)} ms`],
        ...[showRatio(share), `≤ ${bar}`, verdictOf(share)],
      ])
    }
  printTable(['environment', "uv's cache", 'Assay', 'uv alone', 'ratio', 'bar', ''], rows)
  console.log('')
  printTable(['environment', "uv's cache", 'Assay', 'beside uv', 'whole over its uv', 'bar', ''], shareRows)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
