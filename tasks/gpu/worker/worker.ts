import { writeSync } from 'node:fs'
import * as v from 'valibot'
import { cannot, Failure, messageOf } from '../../../lib/index.ts'
import { type OpenAdapter, openAdapter } from '../device/adapter.ts'
import { type OpenDevice, runtimeOn } from '../device/device.ts'
import type { Loaded } from '../device/load.ts'
import { allocate, churn, hold, letGo } from '../device/memory.ts'
import { firstLine, roomOn } from '../device/room.ts'
import type { Kernel } from '../kernel.ts'
import type { Opened } from './answers.ts'
import { linesOf } from './lines.ts'

/*
 * The main of the process that does all work with a GPU; `outcome.ts` says how it is asked. It does one thing after the other, ends with its
 * standard input, and says so when its device is lost.
 */

interface Session {
  readonly device: OpenDevice
  readonly adapter: OpenAdapter
  readonly loaded: Map<number, Loaded>
}

let session: Session | undefined
let count = 0

const Size = v.pipe(v.number(), v.integer(), v.minValue(1))
const Forget = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0)
const Seconds = v.pipe(v.number(), v.gtValue(0), v.maxValue(3600))

const asks = {
  open: ask({ adapter: v.string(), unchecked: v.boolean() }, async (options): Promise<Opened> => {
    if (session !== undefined) throw cannot('open a GPU', 'device', 'opened once', session.device.facts.name)
    const why = await unloadable()
    if (why !== undefined) return { kind: 'none', all: [], why }
    const adapter = await openAdapter(options)
    const { all } = adapter
    if (adapter.device === undefined) return { kind: 'none', all: [...all] }
    const { device, facts, toggles } = adapter
    device.lost.then(({ reason, message }) => tell({ lost: firstLine(message) || reason }))
    session = { adapter, device: runtimeOn(roomOn(device, facts)), loaded: new Map() }
    return JSON.parse(JSON.stringify({ kind: 'opened', facts, toggles, all }))
  }),

  load: ask(
    { kernel: v.string(), size: Size, seconds: v.union([v.literal(0), Seconds]) },
    async ({ kernel, size, seconds }) => {
      const { device, loaded } = opened()
      const one = await device.load(await kernelIn(kernel), size, { seconds })
      loaded.set(++count, one)
      const { tuning, search, compileSeconds, bytes, flop, count: counted, footprint } = one
      return { loaded: count, tuning, search, compileSeconds, bytes, flop, count: counted, footprint }
    },
  ),

  sample: ask({ loaded: v.number(), seconds: Seconds }, async ({ loaded, seconds }) =>
    loadedAs(loaded).sample(seconds),
  ),

  unload: ask({ loaded: v.number() }, async ({ loaded }) => {
    await loadedAs(loaded).unload()
    opened().loaded.delete(loaded)
    return {}
  }),

  churn: ask({ cycles: Size, bytes: Size, forget: Forget }, async ({ cycles, bytes, forget }) =>
    churn(ground(), cycles, bytes, forget),
  ),
  allocate: ask({ bytes: Size }, async ({ bytes }) => allocate(ground(), bytes)),
  hold: ask({ bytes: Size }, async ({ bytes }) => hold(ground(), bytes)),
  letGo: ask({}, async () => letGo(ground()).then(() => ({}))),
}

function ask<E extends v.ObjectEntries>(
  entries: E,
  act: (asked: v.InferOutput<v.ObjectSchema<E, undefined>>) => Promise<unknown>,
) {
  const schema = v.object(entries)
  return (asked: unknown) => {
    const parsed = v.safeParse(schema, asked)
    if (parsed.success) return act(parsed.output)
    const [issue] = parsed.issues
    throw cannot('ask the GPU worker', v.getDotPath(issue) ?? 'request', issue.expected ?? 'there', issue.received)
  }
}

/** Its library is of another C library, or of another machine. */
async function unloadable(): Promise<string | undefined> {
  try {
    await import('webgpu')
    return undefined
  } catch (error) {
    return cannot('open a GPU', 'webgpu', 'a package that can be loaded', messageOf(error)).message
  }
}

function opened(): Session {
  if (session === undefined) throw cannot('use a GPU', 'device', 'opened first', 'none')
  return session
}

function ground() {
  const { adapter, device } = opened()
  return { device: adapter.device, facts: device.facts }
}

function loadedAs(id: number): Loaded {
  const found = opened().loaded.get(id)
  if (found === undefined) throw cannot('use a kernel', 'loaded', 'one that was loaded', id)
  return found
}

async function kernelIn(path: string): Promise<Kernel> {
  const module: { default?: unknown } = await import(path)
  if (isKernel(module.default)) return module.default
  throw cannot('load a kernel', 'kernel', 'a module whose default export is a kernel', path)
}

function isKernel(value: unknown): value is Kernel {
  return typeof value === 'object' && value !== null && 'tunings' in value && 'prepare' in value
}

const Asked = v.object({ id: v.number(), ask: v.string() })

async function reply(line: string): Promise<Record<string, unknown>> {
  let id = 0
  try {
    const asked: unknown = JSON.parse(line)
    const request = v.parse(Asked, asked)
    id = request.id
    const found = Object.entries(asks).find(([name]) => name === request.ask)
    if (found === undefined)
      throw cannot('ask the GPU worker', 'ask', `one of ${Object.keys(asks).join(', ')}`, request.ask)
    return { id, answer: await found[1](asked) }
  } catch (error) {
    await lossHeard()
    return { id, refused: messageOf(error), ...(error instanceof Failure && { wrong: true }) }
  }
}

/** Work on a device that is lost goes wrong before the loss itself is told: what went wrong is to be heard of as that. */
async function lossHeard(): Promise<void> {
  const device = session?.adapter.device
  if (device === undefined) return
  const turned = device.queue
    .onSubmittedWorkDone()
    .catch(messageOf)
    .then(() => Bun.sleep(20))
  await Promise.race([device.lost, turned])
}

function tell(answer: Record<string, unknown>): void {
  const bytes = Buffer.from(`${JSON.stringify(answer)}\n`)
  for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at)
}

let last = Promise.resolve()
const hear = linesOf(
  (line) => {
    last = last.then(async () => tell(await reply(line)))
  },
  2 ** 20,
  () => process.exit(2),
)
for await (const bytes of Bun.stdin.stream()) hear(bytes)
process.exit(0)
