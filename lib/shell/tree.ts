import { readdirSync } from 'node:fs'
import { messageOf } from '../plan/problem.ts'
import { type Sentinels, startSentinels } from './sentinel.ts'
import { carriers, type Moment, mark, statOf, type Tag, tagOf, unmark } from './tag.ts'

/** This process and all that it starts, held together so that nothing outlives it, however it ends. */
export interface Tree {
  /** What the tag of each of its processes begins with; undefined where they can't be marked: then only their process groups are known. */
  readonly tag: string | undefined
  readonly unmarked: string | undefined
  /** Calls back when a sentinel was killed, so that the next blow might leave somebody; returns how to take that back. */
  onLost(call: () => void): () => void
  /**
   * Ends what was started since and has lost its parent, or with `everything` whatever was started since: SIGTERM, half a second, SIGKILL.
   * Returns how many those were; none while somebody else holds the tree as well.
   */
  sweep(everything: boolean): Promise<number>
  release(): void
  /** Releases it and has no sentinel wait for the next who holds one; called again, waits for the same. */
  close(): Promise<void>
}

interface Held {
  readonly tag: Tag | undefined
  readonly unmarked: string | undefined
  readonly sentinels: Sentinels | undefined
  readonly calls: Set<() => void>
  holders: number
  lost: boolean
}

let held: Held | undefined
// What they marked was swept when they were released.
const ours = new Set<string>()
// They stay for the next who holds: a run in a program of many then costs nearly nothing.
let idle: Sentinels | undefined

/** Marks this process and has it watched, until every holder has released it. */
export function holdTree(): Tree {
  held ??= hold()
  held.holders++
  const mine = held
  let released = false
  const release = () => {
    if (released) return
    released = true
    if (--mine.holders === 0) letGo(mine)
  }
  let closing: Promise<void> | undefined
  const dismiss = async () => {
    release()
    const waiting = idle
    idle = undefined
    await waiting?.end()
  }
  return {
    tag: mine.tag?.prefix,
    unmarked: mine.unmarked,
    onLost(call) {
      mine.calls.add(call)
      if (mine.lost) call()
      return () => void mine.calls.delete(call)
    },
    async sweep(everything) {
      if (mine.tag === undefined || mine.holders > 1) return 0
      const ended = await end([mine.tag.prefix], mine.tag.since, everything ? () => true : (pid) => !descends(pid))
      return ended.size
    },
    release,
    close() {
      closing ??= dismiss()
      return closing
    },
  }
}

/** Where processes can't be marked, the sentinels are told which groups there are. */
export function groupBegan(group: number): void {
  if (held !== undefined && held.tag === undefined) held.sentinels?.tell(`+${group}`)
}

export function groupEnded(group: number): void {
  if (held !== undefined && held.tag === undefined) held.sentinels?.tell(`-${group}`)
}

/** Ends at once what still carries the tag of a run whose runner is gone; returns whose process each of those was. */
export function sweepTags(
  runs: readonly { readonly tag: string; readonly runner: number }[],
): Promise<readonly string[]> {
  const dead = runs.flatMap(({ tag, runner }) => (ours.has(tag) || tagOf(runner)?.startsWith(tag) ? [] : [tag]))
  return dead.length === 0
    ? Promise.resolve([])
    : end(dead, undefined, () => true, 0).then((ended) => [...ended.values()])
}

/** This process and all that it has started: daemons too while it is held and can be marked, else its descendants. Linux only. */
export function ownProcesses(): readonly number[] {
  const { tag } = held ?? {}
  if (tag !== undefined) return [process.pid, ...carriers([tag.prefix]).keys()]
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) && descends(Number(name)) ? Number(name) : []))
}

/** Kills at once all that was started since this process is held; false where it isn't, or nothing can be marked. */
export function killMarked(): boolean {
  const { tag } = held ?? {}
  if (tag === undefined) return false
  for (const pid of carriers([tag.prefix]).keys()) signal(pid, 'SIGKILL')
  return true
}

function hold(): Held {
  let sentinels = idle
  idle = undefined
  try {
    // Before the mark: they carry none, or the sweep would end them first.
    sentinels ??= started()
  } catch (error) {
    const unmarked = `no sentinel could be started: ${messageOf(error)}`
    return { tag: undefined, unmarked, sentinels: undefined, calls: new Set(), holders: 0, lost: false }
  }
  const marked = mark()
  const tag = 'own' in marked ? marked : undefined
  const mine: Held = {
    tag,
    unmarked: 'reason' in marked ? marked.reason : undefined,
    sentinels,
    calls: new Set(),
    holders: 0,
    lost: false,
  }
  if (tag !== undefined) {
    ours.add(tag.prefix)
    sentinels.tell(`tag ${tag.prefix}`)
  }
  return mine
}

function started(): Sentinels {
  const sentinels = startSentinels()
  void sentinels.lost.then(() => {
    if (idle === sentinels) idle = undefined
    if (held?.sentinels !== sentinels) return
    held.lost = true
    for (const call of held.calls) call()
  })
  return sentinels
}

function letGo(mine: Held): void {
  held = undefined
  if (mine.tag !== undefined) unmark(mine.tag)
  mine.sentinels?.tell('tag')
  if (mine.lost) void mine.sentinels?.end()
  else idle = mine.sentinels
}

async function end(
  prefixes: readonly string[],
  since: Moment | undefined,
  chosen: (pid: number) => boolean,
  grace = 500,
): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>()
  const forceAt = performance.now() + grace
  for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
    const left = [...carriers(prefixes, since)].filter(([pid]) => chosen(pid))
    // A second is ample for the kernel; what it can't end in that time nobody can.
    if (left.length === 0 || performance.now() > forceAt + 1000) return found
    const force = performance.now() >= forceAt
    for (const [pid, prefix] of left) {
      if (force || !found.has(pid)) signal(pid, force ? 'SIGKILL' : 'SIGTERM')
      found.set(pid, prefix)
    }
    await Bun.sleep(pause)
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended since, or became somebody else's (su), whom the next look finds or who is not ours to end.
  }
}

function descends(pid: number): boolean {
  for (let at = pid; at > 1; at = Number(statOf(at)[1] ?? 0)) if (at === process.pid) return true
  return false
}
