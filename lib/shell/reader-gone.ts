import { errorCode } from '../plan/problem.ts'

/** Whether a write failed as whoever read is gone: from a pipe, or from a socket (what Bun and Node give their children) with something unread. */
export function readerIsGone(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'EPIPE' || code === 'ECONNRESET'
}
