import { readFileSync } from 'node:fs'

/** The process that a live one belongs to. */
export function parentOf(pid: number): number {
  // The name in brackets may hold anything, brackets too.
  const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').match(/.*\) \S (\d+) /s) ?? []
  return Number(parent)
}
