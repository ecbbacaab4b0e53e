export interface Following {
  readonly controller: AbortController
  release(): void
}

/**
 * A controller that is aborted when `signal` is, until it is released. Not `AbortSignal.any`: what listens to one of those is
 * never collected (Bun 1.4.5), so that a program which runs many plans under a signal would keep every run.
 */
export function following(signal: AbortSignal | undefined): Following {
  const controller = new AbortController()
  const follow = () => controller.abort(signal?.reason)
  if (signal?.aborted) follow()
  signal?.addEventListener('abort', follow)
  return { controller, release: () => signal?.removeEventListener('abort', follow) }
}
