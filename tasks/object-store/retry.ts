export interface RetryOptions {
  /** Ends the waiting between two attempts. */
  readonly signal: AbortSignal | undefined
  /** No attempt begins later than so many milliseconds after the first. */
  readonly patience: number
  /** Whether another attempt could end better. */
  isPassing(error: unknown): boolean
  /** Before each attempt but the first, with what ended the one before. */
  again(error: unknown): void
}

/** The first of them included. At a fault in every tenth request one in a hundred million ends with the last. */
const mostAttempts = 8
/** Milliseconds. */
const firstPause = 25
const longestPause = 2000

/**
 * Does `work` until it resolves, at most eight times; rejects with what the last attempt did. Before each further one it waits a
 * random time up to 25, 50, 100 … 2000 ms ("full jitter"): whoever was turned away together must not come back together.
 */
export async function retrying<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, patience, isPassing, again } = options
  const began = performance.now()
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      const pause = Math.random() * Math.min(longestPause, firstPause * 2 ** (attempt - 1))
      const late = performance.now() - began + pause > patience
      if (attempt === mostAttempts || late || signal?.aborted || !isPassing(error)) throw error
      await rest(pause, signal)
      again(error)
    }
  }
}

/** Rejects with the signal's reason as soon as it comes. */
export async function rest(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds)
  const stopped = () => resolve()
  signal?.addEventListener('abort', stopped)
  await promise
  clearTimeout(timer)
  signal?.removeEventListener('abort', stopped)
  signal?.throwIfAborted()
}

/** One attempt's time. */
export interface Wait {
  /** Ends what is under way when time is up or it was told to stop. */
  readonly signal: AbortSignal
  /** From now on it may take so many milliseconds. */
  allow(milliseconds: number): void
}

/** Does `work` within `milliseconds`, then rejects with a TimeoutError; with the reason of `stop` as soon as that aborts. */
export async function within<T>(
  milliseconds: number,
  stop: AbortSignal | undefined,
  work: (wait: Wait) => Promise<T>,
): Promise<T> {
  stop?.throwIfAborted()
  const controller = new AbortController()
  const cut = Promise.withResolvers<never>()
  // Whoever does not listen to the signal goes on unheard.
  const end = (reason: unknown) => {
    controller.abort(reason)
    cut.reject(reason)
  }
  const late = () => end(new DOMException('no answer in time', 'TimeoutError'))
  let timer = setTimeout(late, milliseconds)
  const stopped = () => end(stop?.reason)
  stop?.addEventListener('abort', stopped)
  const wait: Wait = {
    signal: controller.signal,
    allow(milliseconds) {
      clearTimeout(timer)
      timer = setTimeout(late, milliseconds)
    },
  }
  try {
    return await Promise.race([work(wait), cut.promise])
  } finally {
    clearTimeout(timer)
    stop?.removeEventListener('abort', stopped)
  }
}

/** Aborts `milliseconds` after `signal` does, for the same reason: time to end well, and no more. */
export function lingering(signal: AbortSignal, milliseconds: number): AbortSignal {
  const later = new AbortController()
  const begin = () => setTimeout(() => later.abort(signal.reason), milliseconds).unref()
  if (signal.aborted) begin()
  else signal.addEventListener('abort', begin, { once: true })
  return later.signal
}
