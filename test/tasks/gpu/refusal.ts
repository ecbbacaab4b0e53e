import { messageOf } from '../../../lib/index.ts'

/** What it is refused with. bun:test's `rejects` does not do: it lets immediates, by which fake cards are looked at, wait for what else happens. */
export function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'it was not refused', messageOf)
}
