import { existsSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { messageOf } from '../../lib/index.ts'
import type { PythonWork } from './programs.ts'
import type { TorchRecipe } from './recipes.ts'

/** Where torch comes from, and in which build: `why` says what spoke against those that come first. */
export type TorchSource =
  | { readonly kind: 'index'; readonly url: string; readonly version: string }
  | { readonly kind: 'wheels'; readonly links: readonly string[]; readonly version: string }
  | { readonly kind: 'default'; readonly why: string }

export const torchIndex = 'ASSAY_TORCH_INDEX'

const cpuIndex = 'https://download.pytorch.org/whl/cpu'

/** How long an index may take to answer before it counts as out of reach. */
const answerWithinMs = 3000

/** The CPU build of an index that answers, else of the wheels on hand, else the default index's build, which on Linux is for CUDA. */
export async function torchSource(
  { lock }: TorchRecipe,
  python: string,
  work: Pick<PythonWork, 'env' | 'signal'>,
): Promise<TorchSource> {
  const { env, signal } = work
  const version = `${torchVersion(lock)}+cpu`
  // Off Linux the default index has the CPU build.
  const index = env[torchIndex] ?? (process.platform === 'linux' ? cpuIndex : '')
  if (env[torchIndex] === undefined && hasNvidia(env)) return { kind: 'default', why: 'there is an NVIDIA driver' }
  const asked = index === '' ? 'no index of CPU builds is asked' : await asking(index, version, python, signal)
  if (asked === undefined) return { kind: 'index', url: index, version }
  const links = findLinks(env)
  for (const link of links)
    if ((await wheelsAt(link, signal)).some((file) => fits(file, version, python)))
      return { kind: 'wheels', links, version }
  return { kind: 'default', why: links.length === 0 ? asked : `${asked}, nor is it in ${links.join(', ')}` }
}

/** Where wheels lie on hand: for pip by spaces, for uv by commas. A folder that is not there is none, as pip has it; uv would give up. */
export function findLinks({ UV_FIND_LINKS = '', PIP_FIND_LINKS = '' }: PythonWork['env']): readonly string[] {
  const links = [...UV_FIND_LINKS.split(','), ...PIP_FIND_LINKS.split(/\s+/)].map((link) => link.trim())
  return [...new Set(links)].filter((link) => /^https?:/.test(link) || (link !== '' && existsSync(folderOf(link))))
}

function folderOf(link: string): string {
  return link.replace(/^file:\/\//, '')
}

export function torchVersion(lock: string): string {
  const version = readFileSync(lock, 'utf8').match(/^torch==([^\s;\\+]+)/m)?.[1]
  if (version === undefined) throw new Error(`${lock} pins no torch`)
  return version
}

function hasNvidia({ PATH = '' }: PythonWork['env']): boolean {
  return Bun.which('nvidia-smi', { PATH }) !== null
}

/** Why the index can't be used; undefined where it has the wheel. */
async function asking(
  index: string,
  version: string,
  python: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const page = await pageAt(`${index.replace(/\/+$/, '')}/torch/`, signal)
    return wheelsIn(page).some((file) => fits(file, version, python))
      ? undefined
      : `${index} has no torch ${version} for Python ${python}`
  } catch (error) {
    signal.throwIfAborted()
    return `${index} is out of reach (${messageOf(error)})`
  }
}

/** The page must begin within three seconds, and may then take ten times as long. */
async function pageAt(url: string, signal: AbortSignal): Promise<string> {
  const limit = new AbortController()
  const tell = (ms: number) => setTimeout(() => limit.abort(new Error(`it did not answer within ${ms / 1000} s`)), ms)
  let timer = tell(answerWithinMs)
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, limit.signal]) })
    if (!answer.ok) throw new Error(`it answers ${answer.status}`)
    clearTimeout(timer)
    timer = tell(answerWithinMs * 10)
    return await answer.text()
  } finally {
    clearTimeout(timer)
  }
}

async function wheelsAt(link: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return /^https?:/.test(link) ? wheelsIn(await pageAt(link, signal)) : await readdir(folderOf(link))
  } catch {
    signal.throwIfAborted()
    return [] // out of reach: no wheels there
  }
}

function wheelsIn(page: string): readonly string[] {
  return [...page.matchAll(/[^\s"'<>/#]+\.whl/g)].map(([file]) => file.replaceAll('%2B', '+'))
}

const machine = process.arch === 'x64' ? 'x86_64' : process.platform === 'darwin' ? 'arm64' : 'aarch64'

/** Whether a wheel is of torch in that version, for this Python and machine, by its name. */
function fits(file: string, version: string, python: string): boolean {
  const prefix = `torch-${version}-`
  if (!file.startsWith(prefix)) return false
  const [tag = '', , platform = ''] = file.slice(prefix.length, -'.whl'.length).split('-')
  const [major, minor] = python.split('.')
  return [`cp${major}${minor}`, 'py3'].includes(tag) && (platform === 'any' || platform.includes(machine))
}
