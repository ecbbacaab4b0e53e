import { existsSync, mkdirSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { cannot, messageOf, whenAlone } from '../../lib/index.ts'
import {
  type Installer,
  installerEnv,
  installerTrouble,
  pipInstaller,
  steps,
  type Uv,
  uvInstaller,
} from './installer.ts'
import { findPython, type Interpreter, look, plain } from './interpreter.ts'
import { mark, standing } from './marker.ts'
import { type PythonWork, runProgram } from './programs.ts'
import { progressOf } from './progress.ts'
import type { Recipe } from './recipes.ts'
import { refuseFull, shown, sizeOf, type Workshop } from './room.ts'
import { type TorchSource, torchSource } from './torch.ts'

/** What a sentence says could not be done. */
export function actionOf({ name }: Recipe): string {
  return `make the Python environment '${name}'`
}

/**
 * The environment of a recipe, made where it is not there or not whole. It is made where it stays, as its scripts name their interpreter
 * by its path, and its marker is written last: one that was cut short has none, and is made again. Who wants it meanwhile waits.
 */
export async function environmentOf(recipe: Recipe, work: PythonWork, shop: Workshop): Promise<Interpreter> {
  const folder = join(shop.folder, recipe.name)
  const found = await standing(folder, recipe, work)
  if (found.kind === 'whole') return found.interpreter
  makeFolder(actionOf(recipe), shop)
  const waiting = () => {
    work.log(`another process makes ${shownPath(folder)}`)
    work.progress('waiting for another process that makes it')
  }
  return whenAlone(`${folder}.lock`, work.signal, waiting, async () => {
    const now = await standing(folder, recipe, work)
    if (now.kind === 'whole') return now.interpreter
    return make(folder, recipe, now.kind === 'broken' ? now.because : undefined, work, shop)
  })
}

function makeFolder(action: string, { folder }: Workshop): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw cannot(action, 'folder', 'one that can be made', `${folder} (${messageOf(error)})`)
  }
}

async function make(
  folder: string,
  recipe: Recipe,
  broken: string | undefined,
  work: PythonWork,
  shop: Workshop,
): Promise<Interpreter> {
  const [{ python, torch }, installer] = await Promise.all([
    ingredients(recipe, work),
    recipe === shop.uv ? pipInstaller : installerFor(work, shop),
  ])
  await clear(folder)
  const size = sizeOf(recipe, torch)
  refuseFull(actionOf(recipe), shop, size.disk)
  const say = work.announce ?? work.log
  const again = broken === undefined ? '' : ` again, as ${broken}`
  say(
    `Making the Python environment ${shownPath(folder)}${again}: about ${shown(size.download)} to download, ${shown(size.disk)} on disk`,
  )
  if (torch?.kind === 'default' && process.platform === 'linux') say(`torch comes in its build for CUDA: ${torch.why}`)

  const progress = progressOf(work.progress)
  const does = async (command: readonly string[]) => {
    work.log(command.join(' '))
    const hear = (line: string) => {
      work.log(line)
      progress.hear(line)
    }
    const ran = await runProgram(command, { env: installerEnv(work.env), signal: work.signal, hear })
    if (ran.kind === 'failed') throw installerTrouble(actionOf(recipe), installer, ran.said, ran.reason)
  }
  try {
    await does(installer.create(folder, python.base))
    for (const what of steps(installer, recipe, torch)) await does(installer.install(folder, what))
  } finally {
    progress.end()
  }
  const own = [join(folder, 'bin/python'), '-I']
  const made = await look(own, 'find', recipe.modules, { ...work, env: plain(work.env) })
  if (made.kind !== 'python' || Object.keys(made.missing).length > 0) {
    const said =
      made.kind === 'python' ? Object.values(made.missing) : [made.kind === 'none' ? made.reason : made.version]
    throw installerTrouble(actionOf(recipe), installer, said, 'it is not whole')
  }
  try {
    mark(folder, recipe, made, `${describe(made)}, by ${installer.name}`)
  } catch (error) {
    throw installerTrouble(actionOf(recipe), installer, [], messageOf(error))
  }
  return made
}

/** `Python 3.11.7, torch 2.15.0+cpu` */
export function describe({ version, versions }: Interpreter): string {
  const main = ['torch', 'mlflow'].flatMap((name) =>
    versions[name] === undefined ? [] : [`${name} ${versions[name]}`],
  )
  return [`Python ${version}`, ...main].join(', ')
}

/** What an environment would be made from here; Problems of it are of the machine. */
export async function ingredients(
  recipe: Recipe,
  work: Pick<PythonWork, 'env' | 'signal'>,
): Promise<{ readonly python: Interpreter; readonly torch: TorchSource | undefined }> {
  const python = await findPython(actionOf(recipe), work)
  return { python, torch: recipe.torch && (await torchSource(recipe.torch, python.version, work)) }
}

/** uv from PATH or from an environment of ours; undefined where there is none yet. */
export async function uvAtHand(work: Pick<PythonWork, 'env' | 'signal'>, shop: Workshop): Promise<Uv | undefined> {
  const path = Bun.which('uv', { PATH: work.env.PATH ?? '' })
  const ran = path === null ? undefined : await runProgram([path, '--version'], { ...work, within: 20_000 })
  if (path !== null && ran?.kind === 'done') return uvInstaller(path, versionOf(ran.out))
  const own = await standing(join(shop.folder, shop.uv.name), shop.uv, work)
  return own.kind === 'whole' ? ownUv(own.interpreter) : undefined
}

async function installerFor(work: PythonWork, shop: Workshop): Promise<Installer> {
  const found = await uvAtHand(work, shop)
  if (found !== undefined) return found
  try {
    return ownUv(await environmentOf(shop.uv, work, shop))
  } catch (error) {
    work.signal.throwIfAborted()
    work.log(`uv can't be had, so pip it is: ${messageOf(error)}`)
    return pipInstaller
  }
}

function ownUv({ bin, versions }: Interpreter): Uv {
  return uvInstaller(join(bin, 'uv'), `uv ${versions.uv ?? ''}`)
}

function versionOf([line = '']: readonly string[]): string {
  return line.split(' ').slice(0, 2).join(' ')
}

/** Takes away what stands there: out of the way at once, so that nobody who still writes there writes into the next. */
async function clear(folder: string): Promise<void> {
  const [parent, gone] = [dirname(folder), `${basename(folder)}.gone-`]
  if (existsSync(folder)) await rename(folder, join(parent, `${gone}${crypto.randomUUID()}`))
  for (const name of await readdir(parent))
    if (name.startsWith(gone)) await rm(join(parent, name), { recursive: true, force: true })
}

function shownPath(folder: string): string {
  const near = relative(process.cwd(), folder)
  return near.startsWith('..') ? folder : near
}
