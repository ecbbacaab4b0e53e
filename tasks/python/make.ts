import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf, whenAlone } from '../../lib/index.ts'
import { anyPython, type Installer, installerEnv, installerTrouble, pipInstaller, steps } from './installer.ts'
import { findPython, type Interpreter, look, plain } from './interpreter.ts'
import { mark, standing } from './marker.ts'
import { clear, makeFolder, refuseFull, shown, shownPath, sizeOf, type Workshop } from './place.ts'
import { type PythonWork, type Ran, runProgram } from './programs.ts'
import { progressOf } from './progress.ts'
import type { Recipe } from './recipes.ts'
import { torchSource } from './torch.ts'
import { ownUv, uvAtHand, uvOnPath } from './uv.ts'

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
    await clear(folder)
    try {
      return await make(folder, recipe, now.kind === 'broken' ? now.because : undefined, work, shop)
    } catch (error) {
      // A disk that it filled is free again; who is told to stop has no time for that.
      if (!work.signal.aborted) await clear(folder)
      throw error
    }
  })
}

async function make(
  folder: string,
  recipe: Recipe,
  broken: string | undefined,
  work: PythonWork,
  shop: Workshop,
): Promise<Interpreter> {
  const action = actionOf(recipe)
  const tell = progressOf(work.progress)
  const run = (command: readonly string[]) => {
    work.log(command.join(' '))
    const hear = (line: string) => {
      work.log(line)
      tell(line)
    }
    return runProgram(command, { env: installerEnv(work.env), signal: work.signal, hear })
  }
  const installer = await begin(folder, recipe, work, shop, run)
  const torch = recipe.torch && (await torchSource(recipe.torch, configured(folder).version, work))
  const size = sizeOf(recipe, torch)
  refuseFull(action, shop, size.disk)
  const say = work.announce ?? work.log
  const again = broken === undefined ? '' : ` again, as ${broken}`
  say(
    `Making the Python environment ${shownPath(folder)}${again}: about ${shown(size.download)} to download, ${shown(size.disk)} on disk`,
  )
  if (torch?.kind === 'default' && process.platform === 'linux') say(`torch comes in its build for CUDA: ${torch.why}`)
  for (const what of steps(installer, recipe, torch)) {
    const ran = await run(installer.install(folder, what))
    if (ran.kind === 'failed') throw installerTrouble(action, installer, ran.said, ran.reason)
  }
  return finish(folder, recipe, installer, work)
}

/** Makes it without any packages, and returns what installs into it. */
async function begin(
  folder: string,
  recipe: Recipe,
  work: PythonWork,
  shop: Workshop,
  run: (command: readonly string[]) => Promise<Ran>,
): Promise<Installer> {
  const isUv = recipe === shop.uv
  const quick = isUv ? undefined : uvOnPath(work.env)
  // To ask first whether uv starts and which Python there is can take as long as all it installs from its cache.
  if (quick !== undefined && (await run(quick.create(folder, anyPython))).kind === 'done')
    return { ...quick, name: configured(folder).by ?? quick.name }
  await clear(folder)
  const [python, installer] = await Promise.all([
    findPython(actionOf(recipe), work),
    isUv ? pipInstaller : installerFor(work, shop),
  ])
  const ran = await run(installer.create(folder, python.base))
  if (ran.kind === 'failed') throw installerTrouble(actionOf(recipe), installer, ran.said, ran.reason)
  return installer
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

async function finish(folder: string, recipe: Recipe, installer: Installer, work: PythonWork): Promise<Interpreter> {
  const own = [join(folder, 'bin/python'), '-I']
  const made = await look(own, 'find', recipe.modules, { ...work, env: plain(work.env) })
  const refuse = (why: string) => installerTrouble(actionOf(recipe), installer, [], why)
  if (made.kind !== 'python') throw refuse(made.kind === 'old' ? `it is Python ${made.version}` : made.reason)
  for (const why of Object.values(made.missing)) throw refuse(why)
  try {
    mark(folder, recipe, made, `${describe(made)}, by ${installer.name}`)
  } catch (error) {
    throw refuse(messageOf(error))
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

/** What an environment says of itself before it can be asked. */
function configured(folder: string): { readonly version: string; readonly by?: string } {
  const text = readFileSync(join(folder, 'pyvenv.cfg'), 'utf8')
  const word = (key: string) => text.match(new RegExp(`^${key} *= *(\\S+)`, 'm'))?.[1]
  const uv = word('uv')
  return { version: word('version_info') ?? word('version') ?? '', ...(uv !== undefined && { by: `uv ${uv}` }) }
}
