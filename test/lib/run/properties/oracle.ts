import type { Outcome } from '../../../../lib/record/event.ts'
import { sumOf } from './output.ts'
import type { NodeShape, ServiceShape, Shape, Until } from './shape.ts'

/** Which sitting of a run: the world is mended after the first. */
export type Sitting = 'first' | 'later'

export interface Expected {
  readonly outcome: Outcome
  /** How often its function is called when nothing is reused. */
  readonly attempts: number
  /** What its output must add up to, whatever its salt; undefined when it has none. */
  readonly sum: number | undefined
}

/** Whether what is special about it holds in a sitting. */
export function holds({ until }: { readonly until: Until }, sitting: Sitting): boolean {
  return until === 'for ever' || sitting === 'first'
}

export function comesUp(service: ServiceShape | undefined, sitting: Sitting): boolean {
  if (service === undefined || !holds(service, sitting)) return true
  return service.fate !== 'does not start' && service.fate !== 'is never ready'
}

/** How every node of a run that nobody stops must end, worked out from its shape alone. */
export function expectedOf({ nodes, services }: Shape, sitting: Sitting): readonly Expected[] {
  const expected: Expected[] = []
  for (const [index, node] of nodes.entries()) {
    const needs = node.needs.map((need) => expected[need])
    const skipped =
      needs.some((need) => need?.outcome !== 'passed') ||
      node.services.some((service) => !comesUp(services[service], sitting))
    const sum = sumOf(
      index,
      needs.map((need) => need?.sum),
    )
    expected.push(skipped ? nothing('skipped') : alone(node, sitting, sum))
  }
  return expected
}

function nothing(outcome: Outcome, attempts = 0): Expected {
  return { outcome, attempts, sum: undefined }
}

function alone(node: NodeShape, sitting: Sitting, sum: number): Expected {
  const special = holds(node, sitting)
  if (special && node.skip === 'says so') return nothing('skipped')
  if (special && node.skip === 'throws') return nothing('errored')
  const late = node.timeout !== undefined && node.takes > node.timeout
  const throwing = special ? node.throws : 0
  for (let attempts = 1; ; attempts++) {
    if (!late && attempts > throwing) {
      if (special && node.output === 'wrong') return nothing(node.kind === 'step' ? 'errored' : 'failed', attempts)
      return { outcome: 'passed', attempts, sum: node.kind === 'check' ? undefined : sum }
    }
    if (attempts > node.retries || !node.worthwhile) return nothing(late ? 'failed' : node.outcome, attempts)
  }
}
