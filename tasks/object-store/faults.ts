import { cannot } from '../../lib/index.ts'

/**
 * What the embedded store can be told to do wrong:
 * `503 SlowDown`: it refuses a request · `reset`: it drops the connection before it reads one, or before it answers · `slow`: it answers up to a
 * second late · `truncate`: it sends half of what it was asked for, with or without saying so · `corrupt`: it sends an object with one byte
 * changed · `500 after commit`: it does what it was asked to and says that it failed.
 */
export const faultKinds = ['503 SlowDown', 'reset', 'slow', 'truncate', 'corrupt', '500 after commit'] as const
export type FaultKind = (typeof faultKinds)[number]

export interface Faults {
  /** The share of requests that something happens to, above 0 and up to 1. */
  readonly rate: number
  readonly kinds: readonly FaultKind[]
  /** The same seed and the same requests give the same faults. */
  readonly seed: number
  /** Only the first so many times that a request is made; every time when absent. */
  readonly first?: number
}

/** The variable that makes the embedded store of any run misbehave. */
export const faultsVariable = 'ASSAY_FAULTS'

const shape = 'a list like rate=0.1,kinds=reset+slow,seed=7'
const fields = ['rate', 'kinds', 'seed', 'first']

/** Reads `rate=0.1,kinds=reset+slow,seed=7,first=1`: all kinds, seed 1 and every time where it doesn't say; throws a Problem naming `what`. */
export function parseFaults(text: string, what: string): Faults {
  const refuse = (next: string) => cannot('make the object store misbehave', what, shape, text, next)
  const given: Record<string, string> = {}
  for (const part of text.split(',')) {
    const [name = '', value, ...more] = part.split('=').map((word) => word.trim())
    if (value === undefined || more.length > 0 || !fields.includes(name))
      throw refuse(`It has ${fields.join(', ')}, each with a value.`)
    if (given[name] !== undefined) throw refuse(`It says ${name} twice.`)
    given[name] = value
  }
  if (given.rate === undefined) throw refuse('It lacks its rate: rate=0.1 is a tenth of the requests.')
  const { rate, kinds = faultKinds.join('+'), seed = '1', first } = given
  if (!/^(0?\.\d+|1(\.0+)?)$/.test(rate) || Number(rate) === 0) throw refuse('Its rate is above 0 and at most 1.')
  if (!isCount(seed)) throw refuse('Its seed is a whole number.')
  if (first !== undefined && (!isCount(first) || Number(first) === 0))
    throw refuse('Its first is a whole number from 1.')
  const chosen = kinds.split('+').map((word) => {
    const kind = faultKinds.find((kind) => kind === word.trim())
    if (kind === undefined) throw refuse(`There is no kind '${word.trim()}': they are ${faultKinds.join(', ')}.`)
    return kind
  })
  return {
    rate: Number(rate),
    kinds: [...new Set(chosen)],
    seed: Number(seed),
    ...(first !== undefined && { first: Number(first) }),
  }
}

/** As `parseFaults` reads it. */
export function faultsText({ rate, kinds, seed, first }: Faults): string {
  return `rate=${rate},kinds=${kinds.join('+')},seed=${seed}${first === undefined ? '' : `,first=${first}`}`
}

/** What a person is told before it begins. */
export function misbehaviour({ rate, kinds, seed, first }: Faults): string {
  const share = rate === 1 ? 'every request' : `${Number((rate * 100).toFixed(3))} % of requests`
  const limit = first === undefined ? '' : first === 1 ? ', the first time it is made' : `, the first ${first} times`
  return `The embedded object store MISBEHAVES ON PURPOSE: ${share}${limit}, seed ${seed}, ${kinds.join(', ')}`
}

function isCount(text: string): boolean {
  return /^\d{1,15}$/.test(text)
}
