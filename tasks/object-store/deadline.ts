/**
 * Waits for `work` at most `milliseconds`, then rejects with a TimeoutError; `work` itself goes on unheard.
 * `more`, asked once when time is up, may grant further milliseconds (0: none).
 */
export async function withDeadline<T>(
  work: Promise<T>,
  milliseconds: number,
  more: () => Promise<number> = async () => 0,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const expiry = async (wait: number): Promise<void> => {
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, wait)
    })
  }
  const late = expiry(milliseconds)
    .then(more)
    .then((further) => (further > 0 ? expiry(further) : undefined))
    .then((): never => {
      throw new DOMException(`no answer after ${milliseconds} ms`, 'TimeoutError')
    })
  // Whichever of the two loses the race must not be reported as an unhandled rejection.
  late.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
