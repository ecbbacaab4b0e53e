import { Failure } from '../../../lib/index.ts'

/** What one trial of a size came to, in a process of its own. */
export type Trial =
  | { readonly kind: 'fits' }
  | { readonly kind: 'does not fit'; readonly why: string }
  /** Something else went wrong: the sentence of it. What is found out by going on would be of that. */
  | { readonly kind: 'broken'; readonly sentence: string }

export interface Hunt {
  /** What is sought, for sentences: `batch`. */
  readonly what: string
  /** The first size tried; all are whole numbers. */
  readonly from: number
  /** No larger one is tried: it would be refused, and not for want of memory. */
  readonly most: number
  /** The answer may be smaller than the largest that fits by this share of it; one unit is always near enough. */
  readonly tolerance: number
}

export interface Largest {
  /** 0: not even the smallest fits. */
  readonly size: number
  /** It is all that may be asked for, and not all there is memory for. */
  readonly capped: boolean
  /** In the order in which they were tried. */
  readonly trials: readonly Tried[]
}

export interface Tried {
  readonly size: number
  readonly fits: boolean
  readonly why?: string | undefined
}

/** How often what is found must fit once more. */
const confirmations = 2

/** Beyond this the machine gives no answer twice: a size that fits and then doesn't, again and again. */
const mostTrials = 60

/**
 * The largest size that fits, by doubling and then by bisection, tried again when it is found: one that then does not fit is too large, and
 * the search goes on below it. Throws a Failure where a trial breaks, or the trials come to no end.
 */
export async function largest(
  trial: (size: number) => Promise<Trial>,
  { what, from, most, tolerance }: Hunt,
  tell: (words: string) => void = () => {},
): Promise<Largest> {
  const trials: Tried[] = []
  /** Those that fit, in rising order. */
  const fitting = [0]
  let tooLarge = most + 1

  const low = () => fitting.at(-1) ?? 0
  const fits = async (size: number): Promise<boolean> => {
    if (trials.length === mostTrials) throw new Failure(unsteady(what, trials))
    const tried = await trial(size)
    if (tried.kind === 'broken')
      throw new Failure(`the search for the largest ${what} ended at ${size}: ${tried.sentence}`)
    const fit = tried.kind === 'fits'
    trials.push({ size, fits: fit, ...(tried.kind === 'does not fit' && { why: tried.why }) })
    tell(`${size} ${fit ? 'fits' : 'does not fit'}; ${trials.length} trials`)
    return fit
  }
  const note = (size: number, fit: boolean) => {
    if (fit) fitting.push(size)
    else {
      tooLarge = size
      while (low() >= size) fitting.pop()
    }
  }
  const sure = async (): Promise<boolean> => {
    for (let again = 0; again < confirmations && low() > 0; again++)
      if (!(await fits(low()))) {
        note(low(), false)
        return false
      }
    return true
  }

  let size = Math.min(from, most)
  while (tooLarge > most && low() < most) {
    note(size, await fits(size))
    size = Math.min(2 * size, most)
  }
  do {
    while (tooLarge - low() > Math.max(1, Math.floor(tolerance * low()))) {
      const middle = Math.floor((low() + tooLarge) / 2)
      note(middle, await fits(middle))
    }
  } while (!(await sure()))
  return { size: low(), capped: low() === most, trials }
}

function unsteady(what: string, trials: readonly Tried[]): string {
  const last = trials.slice(-4).map(({ size, fits }) => `${size} ${fits ? 'fitted' : 'did not fit'}`)
  return `the search for the largest ${what} came to no end in ${trials.length} trials: ${last.join(', ')}`
}

/** `1,000 in 18 trials`. */
export function largestWords({ size, capped, trials }: Largest): string {
  const all = capped ? ', which is the most that may be asked for' : ''
  return `${size.toLocaleString('en')}${all}, in ${trials.length} trials`
}
