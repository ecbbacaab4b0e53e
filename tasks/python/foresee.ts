import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installerEnv, installerTrouble, pipInstaller, steps } from './installer.ts'
import { actionOf } from './make.ts'
import { standing } from './marker.ts'
import { lookAtOwn, ownPython } from './own-python.ts'
import { refuseFull, sizeOf, type Workshop } from './place.ts'
import { type PythonWork, runProgram } from './programs.ts'
import type { Recipe } from './recipes.ts'
import { torchSource } from './torch.ts'
import { pythonFor, uvAtHand } from './uv.ts'

/** Throws a Problem where the environment is not there and could not be made now. Makes nothing. */
export async function foresee(recipe: Recipe, work: Pick<PythonWork, 'env' | 'signal'>, shop: Workshop): Promise<void> {
  const own = work.env[ownPython]
  if (own) {
    await lookAtOwn(own, recipe, 'import', work)
    return
  }
  const found = await standing(join(shop.folder, recipe.name), recipe, work)
  if (found.kind === 'whole') return
  const action = actionOf(recipe)
  const uv = await uvAtHand(work, shop)
  const python = await pythonFor(action, uv, work)
  const torch = recipe.torch && (await torchSource(recipe.torch, python.version, work))
  refuseFull(action, shop, sizeOf(recipe, torch).disk)

  const env = { UV_HTTP_RETRIES: '1', UV_HTTP_TIMEOUT: '5', ...installerEnv(work.env) }
  if (uv === undefined) {
    // Neither of the two is here: whether the index answers is all that can be known without making anything.
    const asks = [...[python.base, '-m', 'pip', '--retries', '1', '--timeout', '5'], ...['index', 'versions', 'uv']]
    const ran = await runProgram(asks, { ...work, env })
    if (ran.kind === 'failed' && !ran.said.some((line) => line.includes('No module named pip')))
      throw installerTrouble(action, pipInstaller, ran.said, ran.reason)
    return
  }
  const [locked = []] = steps(uv, recipe, torch)
  const nowhere = await mkdtemp(join(tmpdir(), 'assay-python-'))
  try {
    const ran = await runProgram(uv.rehearse(python.base, nowhere, locked), { ...work, env })
    if (ran.kind === 'failed') throw installerTrouble(action, uv, ran.said, ran.reason)
  } finally {
    await rm(nowhere, { recursive: true, force: true })
  }
}
