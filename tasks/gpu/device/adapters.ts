import { cannot, messageOf } from '../../../lib/index.ts'

/** An adapter that Dawn finds here. */
export interface SeenAdapter {
  readonly name: string
  readonly backend: string
  readonly kind: 'hardware' | 'software'
}

export interface Chosen {
  readonly gpu: GPU
  readonly adapter: GPUAdapter
  readonly seen: SeenAdapter
  /** All that there are, in Dawn's order, those through OpenGL last. */
  readonly all: readonly SeenAdapter[]
}

/** Dawn crashes when what `create()` returns is collected while something of it is used: as long as this process lives. */
const kept: GPU[] = []

async function instance(flags: readonly string[]): Promise<GPU> {
  const { create, globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  const gpu = create([...flags])
  kept.push(gpu)
  return gpu
}

/**
 * The adapter that is asked for: `hardware`, `software`, or part of a name. Undefined where there is none of the kind, with all there are;
 * throws a Problem for a name that none of them has, or several.
 */
export async function chooseAdapter(
  wanted: string,
  flags: readonly string[],
): Promise<Chosen | { readonly gpu: undefined; readonly all: readonly SeenAdapter[] }> {
  const all = await seenAdapters()
  const seen = pick(wanted, all)
  if (seen === undefined) return { gpu: undefined, all }
  const gpu = await instance([...flags, `adapter=${seen.name}`, `backend=${seen.backend}`])
  const adapter = await gpu.requestAdapter()
  if (adapter === null) throw cannot('open a GPU', 'adapter', 'one that is still there', seen.name)
  return { gpu, adapter, seen, all }
}

/** Throws a Problem for a name that none has, or several different ones do. */
export function pick(wanted: string, all: readonly SeenAdapter[]): SeenAdapter | undefined {
  if (wanted === 'hardware' || wanted === 'software') return all.find(({ kind }) => kind === wanted)
  if (all.length === 0) return undefined
  const found = all.filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase()))
  const names = new Set(found.map(({ name }) => name))
  const next = 'Give more of its name, or hardware or software.'
  if (names.size > 1)
    throw cannot('open a GPU', 'adapter', `part of one name and not of ${listed(found)}`, wanted, next)
  const rule = `hardware, software or part of a name of those there are: ${listed(all)}`
  if (names.size === 0) throw cannot('open a GPU', 'adapter', rule, wanted)
  return found[0]
}

export function listed(all: readonly SeenAdapter[]): string {
  if (all.length === 0) return 'none'
  return all.map(({ name }) => name).join(', ')
}

/** Dawn has no list of them but in the sentence with which it refuses a name that none has. */
async function seenAdapters(): Promise<readonly SeenAdapter[]> {
  const found = adaptersIn(await refusal())
  const kinds = new Map<string, SeenAdapter['kind']>()
  for (const { name, backend } of found) {
    if (kinds.has(name)) continue
    const adapter = await (await instance([`adapter=${name}`, `backend=${backend}`])).requestAdapter()
    const software = adapter?.info.isFallbackAdapter === true || softwareNames.test(name)
    kinds.set(name, software ? 'software' : 'hardware')
  }
  return usable(found.map(({ name, backend }) => ({ name, backend, kind: kinds.get(name) ?? 'hardware' })))
}

/** A card that is reached in two ways is taken by the one that can do more. */
export function usable(all: readonly SeenAdapter[]): readonly SeenAdapter[] {
  const worse = ({ backend }: SeenAdapter) => backend.startsWith('opengl')
  return [...all.filter((one) => !worse(one)), ...all.filter(worse)]
}

/** For drivers that do not say of themselves that they are the CPU. */
const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i

async function refusal(): Promise<string> {
  try {
    const none = await (await instance(['adapter=\u0001 no adapter has this name'])).requestAdapter()
    return none === null ? '' : none.info.device
  } catch (error) {
    return messageOf(error)
  }
}

export function adaptersIn(sentence: string): readonly { readonly name: string; readonly backend: string }[] {
  const lines = sentence.matchAll(/^ \* backend: '([^']*)', name: '(.*)'$/gm)
  return [...lines].map(([, backend = '', name = '']) => ({ backend, name }))
}
