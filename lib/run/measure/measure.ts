import type { StepContext } from '../../plan/context.ts'
import type { MeasureNode } from '../../plan/graph.ts'
import { messageOf } from '../../plan/problem.ts'
import type { MetricRecord, SamplingRecord } from '../../record/event.ts'
import type { Bench } from '../bench.ts'
import { enoughOf } from './enough.ts'
import { judge, progressOf } from './judge.ts'
import { orderOf, seedOf } from './order.ts'
import { type RawSample, rawFile, rawText } from './raw.ts'
import { sampleContext } from './sample-context.ts'
import { derivedOf, numbersOf, type RoundNumbers, seriesOf } from './series.ts'
import { standingOf } from './standing.ts'
import { timingOf } from './timing.ts'
import { warmUp } from './warm-up.ts'

export interface Measured {
  readonly metrics: readonly MetricRecord[]
  readonly sampling: SamplingRecord
}

/** How long, in milliseconds, samples are taken on end before progress is told and what waits for the thread has its turn: signals, timers. */
const breathEvery = 20

/** How many samples at most, since a clock may be coarse or stand still. */
const breathSamples = 1000

/**
 * Takes samples in rounds until there are enough, and judges them. Each round has one of every variant, in an order of its own. What it
 * took is kept as a file also when a sample throws.
 */
export async function measure(
  node: MeasureNode,
  inputs: Readonly<Record<string, unknown>>,
  context: StepContext,
  { nodes, clock, machine, baseline, keep }: Bench,
): Promise<Measured> {
  const began = clock.monotonic()
  const elapsed = () => clock.monotonic() - began
  const seed = seedOf(node.seed, context.env, Math.random)
  const variants = node.variants.length > 0 ? node.variants : [undefined]
  const all = seriesOf(node)
  const timing = timingOf(clock)
  const raw: RawSample[] = []
  let breath = { at: began, samples: 0 }
  let warming = 0
  // What is done for each sample is done in code that is not compiled yet: of a command of milliseconds it would be a share of the time.
  const deriving = Object.keys(node.derived).length > 0

  const enough = enoughOf(node.rule)
  let reached = ''
  let rounds = 0
  let stopped: SamplingRecord['stopped'] | undefined
  try {
    const warmup = await warmUp(node, () => takeRound(0, --warming), elapsed)
    const watch = machine?.watch()
    while (stopped === undefined) {
      const numbers = await takeRound(rounds + 1, rounds + 1)
      rounds += 1
      for (const { name, samples } of all) samples.push(numbers.get(name) ?? Number.NaN)
      if (enough.isLook(rounds)) look()
      stopped ??= enough.spent(rounds, elapsed())
    }
    const disturbances = watch?.end() ?? []
    const file = keepRaw()
    const metrics = all.map((series) => judge(series, standing(series), enough.asked, file))
    const batch = timing.batches()
    return {
      metrics,
      sampling: {
        ...{ seed, rounds, warmup, stopped },
        ...(Object.keys(batch).length > 0 && { batch }),
        ...(disturbances.length > 0 && { disturbances: [...disturbances] }),
      },
    }
  } catch (error) {
    // What was told to stop may come to its end when another attempt, or nobody, is at it.
    if (raw.length > 0 && !context.signal.aborted)
      try {
        keepRaw()
      } catch (unkept) {
        context.log(messageOf(unkept)) // what went wrong first is what the measure ends with
      }
    throw error
  }

  function standing(series: (typeof all)[number]) {
    return standingOf(series, node, all, { nodes, inputs, baseline })
  }

  function keepRaw(): string {
    return keep(node, rawFile, context.mask(rawText(all, raw)))
  }

  /** `ordinal` sets the order of variants: of the rounds that do not count it is below zero. */
  async function takeRound(round: number, ordinal: number): Promise<RoundNumbers> {
    const words = () => (round === 0 ? `warming up, round ${-ordinal}` : enough.words(round, elapsed()) + reached)
    const numbers = new Map<string, number>()
    for (const variant of orderOf(variants, seed, node.name, ordinal)) {
      // Of the first sample at once, since it may take long; without a breath, since its time is counted already.
      if (raw.length === 0) context.progress(words())
      if (breathless()) await breathe(words)
      context.signal.throwIfAborted()
      const own = { variant, round, time: timing.sample(variant, round) }
      const taken = await node.run(inputs, sampleContext(context, own))
      keepNumbers(numbersOf(node, variant, taken))
    }
    if (deriving) keepNumbers(derivedOf(node, numbers))
    return numbers

    function keepNumbers(more: RoundNumbers): void {
      for (const [name, value] of more) numbers.set(name, value)
      if (more.size > 0) raw.push({ round, at: elapsed() / 1000, numbers: more })
    }
  }

  function breathless(): boolean {
    breath.samples += 1
    return clock.monotonic() - breath.at >= breathEvery || breath.samples >= breathSamples
  }

  async function breathe(words: () => string): Promise<void> {
    context.progress(words())
    await new Promise((resolve) => setImmediate(resolve))
    breath = { at: clock.monotonic(), samples: 0 }
  }

  function look(): void {
    const looked = all.map((series) => [series, standing(series)] as const)
    const far = looked.map(([series, standing]) => progressOf(series, standing, enough.asked))
    if (far.every((one) => one.enough))
      stopped = looked.some(([, { kind }]) => kind !== 'recorded') ? 'decided' : 'precise'
    const { precision } = enough.asked
    const widest = Math.max(0, ...far.map((one) => one.reached ?? 0))
    if (precision !== undefined) reached = `, ±${percent(widest)} of ${percent(precision)} asked`
  }
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`
}
