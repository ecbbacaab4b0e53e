import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { cannot, type Service, type WorkContext } from '../../lib/index.ts'

export type EnvironmentName = 'train' | 'mlflow'

export interface PythonEnvironment {
  readonly name: EnvironmentName
  /** The interpreter. */
  readonly python: string
  /** The folder of its scripts. */
  readonly bin: string
}

export interface PythonWork extends WorkContext {
  readonly env: Readonly<Record<string, string | undefined>>
  announce?(sentence: string): void
}

/** The environment that `ASSAY_PYTHON` names, or the one that lies in `.assay/python`. */
export async function pythonEnvironment(name: EnvironmentName, { env }: PythonWork): Promise<PythonEnvironment> {
  const python = env.ASSAY_PYTHON || resolve('.assay/python', name, 'bin/python')
  if (existsSync(python)) return { name, python, bin: dirname(python) }
  throw cannot(`use the Python environment ${name}`, 'ASSAY_PYTHON', 'an interpreter that is there', python)
}

export function python(name: EnvironmentName): Service<PythonEnvironment> {
  return {
    name: `python ${name}`,
    async start(context) {
      const client = await pythonEnvironment(name, context)
      return { client, detail: client.python, ready: async () => {}, stop: async () => {} }
    },
  }
}
