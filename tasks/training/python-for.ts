import type { Service } from '../../lib/index.ts'
import { type PythonEnvironment, python } from '../python/environment.ts'

/** The environment of our own programs; where every one of them is replaced by a command of somebody's, none is made. */
export function pythonFor(...commands: readonly string[]): Service<PythonEnvironment> {
  const ours = python('train')
  if (commands.includes('')) return ours
  return {
    name: ours.name,
    start: async () => ({
      client: { name: 'train', python: '', bin: '' },
      detail: 'not needed: the command is your own',
      ready: async () => {},
      stop: async () => {},
    }),
  }
}
