import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { several } from '../report/format.ts'
import type { Enclosures } from './enclosure.ts'
import { type Evidence, type Findings, findingsOf } from './judge.ts'
import type { Victim } from './kills.ts'
import { type Kill, killOf } from './kills.ts'
import { tryKill } from './one-kill.ts'
import type { Subject } from './sitting.ts'
import type { InFlight } from './strike.ts'
import { type Unbroken, unbrokenRun } from './unbroken.ts'
import { either, unsteadyBefore, unsteadyIn } from './unsteady.ts'

export interface TortureOptions {
  readonly subject: Subject
  readonly unbroken: Unbroken
  readonly enclosures: Enclosures
  /** The numbers of the kills to try. */
  readonly kills: readonly number[]
  readonly victims: readonly Victim[]
  readonly seed: number
  readonly signal: NodeJS.Signals
  /** So many at once. */
  readonly jobs: number
  /** Where the runs are; those with findings are left there. */
  readonly folder: string
  /** No kill is begun after this signal, and one that is under way then counts for nothing. */
  readonly stopped: AbortSignal
  /** No kill is begun later than so many milliseconds after the first. */
  readonly withinMs: number
  /** Called after each. */
  told(done: readonly Done[]): void
  /** Called with what is done beside kills. */
  telling(text: string): void
}

/** A kill and what came of it. */
export interface Done {
  readonly kill: Kill
  readonly inFlight: InFlight
  readonly findings: Findings
  /** From the start of the run to the end of its resume. */
  readonly seconds: number
  /** Where it can be looked at; there is nothing left of one without findings. */
  readonly folder: string
  /** How often it came when the run was over, or found no such victim, before it hit. */
  readonly misses: { readonly late: number; readonly nobody: number }
}

/** So often a kill that missed is drawn anew; a plan without services has none to kill at all. */
const mostAttempts = 12

/** So often at most unbroken runs are asked, once all kills are done, whether a difference is theirs. */
const doubtRounds = 6

export interface Tortured {
  readonly done: readonly Done[]
  /** Those that found nobody, however often they were drawn. */
  readonly missed: readonly Kill[]
}

/** Tries all the kills, several at once, and returns them in their order. */
export async function torture(options: TortureOptions): Promise<Tortured> {
  const { kills, jobs, stopped, withinMs, told } = options
  const done: Done[] = []
  const missed: Kill[] = []
  const suspects = new Map<Done, Evidence>()
  let { reference } = options.unbroken
  const left = [...kills].reverse()
  const deadline = performance.now() + withinMs
  const next = () => (stopped.aborted || performance.now() > deadline ? undefined : left.pop())
  const work = async () => {
    for (let index = next(); index !== undefined; index = next()) {
      const result = await oneOf(index, options)
      if (stopped.aborted) return
      if (result.kind === 'missed') missed.push(result.planned)
      else {
        const { evidence, ...rest } = result
        const unsteady = either(reference.unsteady, unsteadyBefore(reference.record, evidence.journals.before))
        reference = { ...reference, unsteady }
        const one = { ...rest, findings: findingsOf(reference, evidence) }
        done.push(one)
        if (isBad(one.findings)) suspects.set(one, evidence)
        else rmSync(one.folder, { recursive: true, force: true })
        told(done)
      }
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  const doubtful = () => {
    const bad = [...suspects.values()].map((evidence) => findingsOf(reference, evidence)).filter(isBad)
    return bad.some(({ wrong, ...others }) => wrong.length > 0 && !isBad({ ...others, wrong: [] }))
  }
  // What only differs may do so in unbroken runs, too, seldom and when they run side by side: as many as it takes to know.
  for (let round = 1; round <= doubtRounds && doubtful() && !stopped.aborted; round++) {
    const numbers = Array.from({ length: jobs }, (_, at) => 10 + round * jobs + at)
    const { subject, folder, enclosures, telling } = options
    telling(`${several(jobs, 'unbroken run')} more, to know whether what differs does so without a kill`)
    const runs = await Promise.all(numbers.map((number) => unbrokenRun(subject, folder, number, enclosures)))
    for (const { record } of runs)
      reference = { ...reference, unsteady: either(reference.unsteady, unsteadyIn([reference.record, record])) }
  }
  // Judged by all that is known of unbroken steps by now.
  const judged = done.map((one) => {
    const evidence = suspects.get(one)
    const findings = evidence === undefined ? one.findings : findingsOf(reference, evidence)
    return { ...one, findings }
  })
  return { done: judged.sort((a, b) => a.kill.index - b.kill.index), missed }
}

type Tried =
  | { readonly kind: 'missed'; readonly planned: Kill }
  | (Omit<Done, 'findings'> & { readonly kind: 'killed'; readonly evidence: Evidence })

async function oneOf(index: number, options: TortureOptions): Promise<Tried> {
  const { unbroken, seed, victims, folder, stopped } = options
  const misses = { late: 0, nobody: 0 }
  for (let attempt = 0; ; attempt++) {
    const kill = killOf(index, attempt, seed, unbroken.course, victims)
    const own = join(folder, `kill-${index}-${attempt}`)
    mkdirSync(own, { recursive: true })
    const from = performance.now()
    const trial = await tryKill(kill, { ...options, folder: own }).catch((error: unknown) => {
      // Told to stop, everything is taken down under it.
      if (stopped.aborted) return { kind: 'late' } as const
      throw error
    })
    if (trial.kind === 'killed') {
      const seconds = (performance.now() - from) / 1000
      return { ...trial, kill, seconds, folder: own, misses }
    }
    rmSync(own, { recursive: true, force: true })
    misses[trial.kind]++
    if (attempt + 1 === mostAttempts || stopped.aborted) return { kind: 'missed', planned: kill }
  }
}

export function isBad(findings: Findings): boolean {
  return Object.values(findings).some((list) => list.length > 0)
}
