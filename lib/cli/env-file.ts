import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { cannot, messageOf, type Problem } from '../plan/problem.ts'

const action = 'run a plan'

/** Sets the variables of the files for this process; those that are set already win. Throws a Problem for a line that sets none. */
export function readEnvFiles(files: readonly string[]): void {
  const set = new Set(Object.keys(process.env))
  for (const file of files)
    for (const [name, value] of Object.entries(variablesOf(read(file), file)))
      if (!set.has(name)) process.env[name] = value
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw cannot(action, '--env-file', 'a file that can be read', file, messageOf(error))
  }
}

/** The variables in a file's text: `NAME=VALUE`, `export NAME='VALUE'`, values over several lines in quotation marks, `#` comments. */
export function variablesOf(text: string, file: string): Readonly<Record<string, string | undefined>> {
  const lines = text.split(/\r\n|\r|\n/)
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (/^\s*(#|$)/.test(line)) continue
    // The parser passes over what it does not understand, and a plan would run against something else than was meant.
    const start = /^\s*(?:export\s+)?[\w.-]+(?:\s*=|:\s)\s*(["'`])?/.exec(line)
    if (start === null) throw wrongLine(file, at, 'NAME=VALUE or a # comment')
    const [{ length }, mark] = start
    if (mark === undefined || closes(line.slice(length), mark)) continue
    const end = lines.findIndex((later, index) => index > at && closes(later, mark))
    if (end === -1) throw wrongLine(file, at, `a value whose ${mark} is closed`)
    at = end
  }
  return parseEnv(text)
}

function closes(text: string, mark: string): boolean {
  return text.replaceAll(`\\${mark}`, '').includes(mark)
}

function wrongLine(file: string, index: number, rule: string): Problem {
  return cannot(action, `${file}:${index + 1}`, rule, 'another line (not shown, as it may hold a secret)')
}
