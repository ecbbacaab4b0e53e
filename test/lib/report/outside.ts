import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs a program that is none of ours and returns what it printed; throws with its stderr when it is not content. */
export function outside(command: readonly string[], input?: string): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], { stdin: Buffer.from(input ?? '') })
  if (exitCode !== 0) throw new Error(`${command[0]} ended with exit code ${exitCode}\n${stderr}`)
  return stdout.toString()
}

/** Whether the program is there and is content with these arguments. */
export function can(...command: readonly string[]): boolean {
  return Bun.which(command[0] ?? '') !== null && Bun.spawnSync([...command]).exitCode === 0
}

/** The reason to put into a test's name when it is skipped. */
export const without = (there: boolean, what: string): string => (there ? '' : ` (skipped: no ${what} here)`)

/** A folder that is gone after `work`. */
export async function inFolder<T>(work: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-report-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
