import { join } from 'node:path'
import { anyPython, installerEnv, type Uv, uvInstaller } from './installer.ts'
import { findPython, type Interpreter, look, plain } from './interpreter.ts'
import { standing } from './marker.ts'
import type { Workshop } from './place.ts'
import { type PythonWork, runProgram } from './programs.ts'

type Asking = Pick<PythonWork, 'env' | 'signal'>

/** The uv on PATH, whether it starts or not. */
export function uvOnPath({ PATH = '' }: PythonWork['env']): Uv | undefined {
  const path = Bun.which('uv', { PATH })
  return path === null ? undefined : uvInstaller(path, 'uv')
}

/** uv in an environment of ours. */
export function ownUv({ bin, versions }: Interpreter): Uv {
  return uvInstaller(join(bin, 'uv'), `uv ${versions.uv ?? ''}`)
}

/** uv from PATH, or from an environment of ours; undefined where none is there that starts. */
export async function uvAtHand(work: Asking, shop: Workshop): Promise<Uv | undefined> {
  const uv = uvOnPath(work.env)
  const ran = uv && (await runProgram(uv.ask, { ...work, within: 20_000 }))
  if (uv !== undefined && ran?.kind === 'done')
    return { ...uv, name: (ran.out[0] ?? '').split(' ').slice(0, 2).join(' ') }
  const own = await standing(join(shop.folder, shop.uv.name), shop.uv, work)
  return own.kind === 'whole' ? ownUv(own.interpreter) : undefined
}

/** The Python that an environment would be made of: uv knows those that it installed itself, too. */
export async function pythonFor(action: string, uv: Uv | undefined, work: Asking): Promise<Interpreter> {
  const found = uv && (await runProgram(uv.find(anyPython), { ...work, env: installerEnv(work.env), within: 20_000 }))
  const path = found?.kind === 'done' ? found.out[0] : undefined
  const looked = path && (await look([path], 'find', [], { ...work, env: plain(work.env) }))
  return looked && looked.kind === 'python' ? looked : findPython(action, work)
}
