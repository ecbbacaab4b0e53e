import { cannot, type Problem, withHome } from '../../lib/index.ts'
import { type Interpreter, type Look, leastPython, look } from './interpreter.ts'
import type { PythonWork } from './programs.ts'
import type { Recipe } from './recipes.ts'

/** The interpreter that a person names is used as it is, in place of an environment of ours. */
export const ownPython = 'ASSAY_PYTHON'

/** Throws a Problem where the interpreter does not start, is too old, or lacks what the environment is for. */
export async function lookAtOwn(
  told: string,
  { name, modules }: Recipe,
  how: Look,
  work: Pick<PythonWork, 'env' | 'signal'>,
): Promise<Interpreter> {
  const refuse = (rule: string, value: string, next: string): Problem =>
    cannot(`use your own Python for '${name}'`, ownPython, rule, value, next)
  const looked = await look([withHome(told)], how, modules, work)
  if (looked.kind === 'none')
    throw refuse('an interpreter that starts', `${told} (${looked.reason})`, 'Name another, or unset it.')
  if (looked.kind === 'old')
    throw refuse(`Python ${leastPython} or newer`, `${told}, which is ${looked.version}`, 'Name another, or unset it.')
  const lacks = Object.entries(looked.missing).map(([module, why]) =>
    why === `No module named '${module}'` ? module : `${module} (${why})`,
  )
  if (lacks.length > 0)
    throw refuse(
      `an interpreter that can import ${modules.join(', ')}`,
      `${told}, which lacks ${lacks.join(', ')}`,
      'Install them there, or unset it and have Assay make an environment.',
    )
  return looked
}
