import type { Service } from '../../lib/index.ts'
import { foresee } from './foresee.ts'
import type { Interpreter } from './interpreter.ts'
import { describe, environmentOf } from './make.ts'
import { lookAtOwn, ownPython } from './own-python.ts'
import { workshopHere } from './place.ts'
import type { PythonWork } from './programs.ts'
import { type EnvironmentName, recipes } from './recipes.ts'

export type { PythonWork } from './programs.ts'
export type { EnvironmentName } from './recipes.ts'

/** A Python with what it takes to train, or to serve MLflow. */
export interface PythonEnvironment {
  readonly name: EnvironmentName
  /** The interpreter. */
  readonly python: string
  /** The folder of its scripts. */
  readonly bin: string
}

/**
 * The environment of that name below `.assay/python`, made first where it is not there or broken, which it announces with its size; or
 * the Python that `ASSAY_PYTHON` names. Throws a Problem where neither can be had.
 */
export async function pythonEnvironment(name: EnvironmentName, work: PythonWork): Promise<PythonEnvironment> {
  const { python, bin } = await interpreterOf(name, work)
  return { name, python, bin }
}

/** That environment for the steps of a plan. What keeps it from being made is told before a step runs. */
export function python(name: EnvironmentName): Service<PythonEnvironment> {
  return {
    name: `python ${name}`,
    precondition: (env, signal) => checkPython(name, { env, signal: signal ?? new AbortController().signal }),
    async start(context) {
      const found = await interpreterOf(name, context)
      return {
        client: { name, python: found.python, bin: found.bin },
        detail: `${describe(found)}${context.env[ownPython] ? ', your own' : ''}`,
        ready: async () => {},
        stop: async () => {},
      }
    },
  }
}

/** Throws a Problem where the environment can't be had; makes nothing. With a Python of the person's own, all is imported. */
export function checkPython(name: EnvironmentName, work: Pick<PythonWork, 'env' | 'signal'>): Promise<void> {
  return foresee(recipes[name], work, workshopHere())
}

function interpreterOf(name: EnvironmentName, work: PythonWork): Promise<Interpreter> {
  const own = work.env[ownPython]
  const recipe = recipes[name]
  return own ? lookAtOwn(own, recipe, 'find', work) : environmentOf(recipe, work, workshopHere())
}
