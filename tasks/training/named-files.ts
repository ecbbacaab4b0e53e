import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { withHome } from '../../lib/index.ts'

/** What runs other programs: of the machine, and none of a training's code. */
const runners = /^(env|time|nice|uv|bun|node|(ba|da|z)?sh|torchrun|accelerate|python[\d.]*)$/
/** A word of a command line, or what stands between two commands. */
const token = /"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s;&|()<>"']+)|([;&|()]+)/g

/**
 * The files that a shell command line names and that are there, as far as its plain words tell: behind `cd` they are looked for where that
 * leads, and `-m module` is a file as well. What a shell would work out (variables, patterns) is not seen.
 */
export function namedFiles(command: string, folder: string): readonly string[] {
  const found = new Set<string>()
  let at = folder
  let before: string | undefined
  for (const [, double, single, bare, between] of command.matchAll(token)) {
    const word = double ?? single ?? (bare === undefined ? undefined : withHome(bare))
    if (between !== undefined || word === undefined) {
      before = undefined
      continue
    }
    if (before === 'cd') at = resolve(at, word)
    for (const name of before === '-m' ? moduleFiles(word) : [word]) {
      const path = resolve(at, name)
      if (!runners.test(basename(path)) && existsSync(path) && statSync(path).isFile()) found.add(path)
    }
    before = word
  }
  return [...found]
}

function moduleFiles(module: string): readonly string[] {
  const path = module.replaceAll('.', '/')
  return [`${path}.py`, `${path}/__main__.py`]
}
