import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { $ } from 'bun'

export const root = join(import.meta.dir, '..', '..')
const installed = join(root, '.assay', 'test')
const packed = join(root, '..', 'shared', 'servers')

export type Program = { readonly path: string } | { readonly unavailable: string }

/** Whether tests may download programs: nobody's `bun run test` does it unasked. */
export function mayInstall(): boolean {
  return process.env.ASSAY_TEST_SERVERS === '1' || !['', 'false', '0'].includes(process.env.CI ?? '')
}

const ask = 'set ASSAY_TEST_SERVERS=1 to have it installed into .assay/test'

export async function rustfsProgram(): Promise<Program> {
  const onPath = Bun.which('rustfs')
  if (onPath !== null) return { path: onPath }
  const path = join(installed, 'servers', 'rustfs')
  if (existsSync(path)) return { path }
  const archive = existsSync(packed) ? (await readdir(packed)).find((name) => /^rustfs-.*\.zst$/.test(name)) : undefined
  if (archive === undefined) return { unavailable: 'no rustfs on PATH and none packed beside the repository' }
  if (Bun.which('zstd') === null) return { unavailable: 'no zstd on PATH to unpack rustfs with' }
  return once(path, async () => {
    await mkdir(join(installed, 'servers'), { recursive: true })
    await verify(join(packed, archive), archive)
    await $`zstd -q -d -f ${join(packed, archive)} -o ${path}.part`.quiet()
    await chmod(`${path}.part`, 0o755)
    await rename(`${path}.part`, path)
  })
}

export async function versitygwProgram(): Promise<Program> {
  const onPath = Bun.which('versitygw')
  if (onPath !== null) return { path: onPath }
  const folder = join(installed, 'servers')
  const path = join(folder, 'versitygw')
  if (existsSync(path)) return { path }
  if (!mayInstall()) return { unavailable: `no versitygw on PATH; ${ask}` }
  if (Bun.which('go') === null) return { unavailable: 'no versitygw and no go on PATH' }
  return once(path, async () => {
    await $`go install github.com/versity/versitygw/cmd/versitygw@v1.8.0`.env({ ...process.env, GOBIN: folder }).quiet()
  })
}

export async function motoProgram(): Promise<Program> {
  const folder = join(installed, 'moto')
  const path = join(folder, 'bin', 'moto_server')
  if (existsSync(path)) return { path }
  if (!mayInstall()) return { unavailable: `moto is not installed; ${ask}` }
  const what = 'moto[server]==5.2.5'
  if (Bun.which('uv') !== null)
    return once(path, async () => {
      await $`uv venv -q --clear ${folder}`.quiet()
      await $`uv pip install -q --python ${join(folder, 'bin', 'python')} ${what}`.quiet()
    })
  if (Bun.which('python3') === null) return { unavailable: 'no moto, and neither uv nor python3 on PATH' }
  return once(path, async () => {
    await $`python3 -m venv --clear ${folder}`.quiet()
    await $`${join(folder, 'bin', 'pip')} install -q ${what}`.quiet()
  })
}

/** The folder that has Python's client of Prometheus, and with it a parser of what it reads. */
export async function prometheusClient(): Promise<Program> {
  const folder = join(installed, 'prometheus')
  const parser = join(folder, 'prometheus_client', 'parser.py')
  if (existsSync(parser)) return { path: folder }
  if (!mayInstall()) return { unavailable: `prometheus-client is not installed; ${ask}` }
  const pip = Bun.which('uv') === null ? ['python3', '-m', 'pip'] : ['uv', 'pip']
  if (Bun.which('python3') === null) return { unavailable: 'no prometheus-client, and no python3 on PATH' }
  const made = await once(parser, async () => {
    await $`${pip} install -q --target ${folder} prometheus-client==0.26.0`.quiet()
  })
  return 'unavailable' in made ? made : { path: folder }
}

/** Runs `install` unless another test process is at it or was; a lock whose owner is dead is taken over. */
async function once(path: string, install: () => Promise<void>): Promise<Program> {
  const lock = join(installed, `${createHash('sha256').update(path).digest('hex').slice(0, 16)}.lock`)
  await mkdir(installed, { recursive: true })
  for (;;) {
    if (existsSync(path)) return { path }
    try {
      await mkdir(lock)
      break
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      await dropIfDead(lock)
      await Bun.sleep(200)
    }
  }
  try {
    await Bun.write(join(lock, 'pid'), String(process.pid))
    if (!existsSync(path)) await install()
    return { path }
  } catch (error) {
    const why = error instanceof $.ShellError ? error.stderr.toString().trim().split('\n').at(-1) : String(error)
    return { unavailable: `its installation failed: ${why}` }
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
}

async function dropIfDead(lock: string): Promise<void> {
  try {
    const pid = Number(await Bun.file(join(lock, 'pid')).text())
    process.kill(pid, 0)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // No pid yet: its owner is between two calls, unless the folder is old.
    const old =
      code === 'ENOENT' &&
      (await stat(lock).then(
        (s) => Date.now() - s.mtimeMs > 5000,
        () => false,
      ))
    if (code === 'ESRCH' || old) await rm(lock, { recursive: true, force: true })
  }
}

async function verify(file: string, name: string): Promise<void> {
  const sums = await Bun.file(join(packed, 'SHA256SUMS')).text()
  const sum = new Bun.CryptoHasher('sha256').update(await Bun.file(file).arrayBuffer()).digest('hex')
  if (!sums.split('\n').some((line) => line.startsWith(sum) && line.endsWith(name)))
    throw new Error(`${name} is not the file that SHA256SUMS names`)
}
