import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { mayInstall } from './servers/install.ts'

export type TestPython = { readonly path: string } | { readonly unavailable: string }

const home = join(import.meta.dir, '..')

/**
 * The interpreter of an environment for tests: that of this checkout, which is made where tests are asked to install what they can use, or
 * the one that `ASSAY_TEST_TRAIN_PYTHON` or `ASSAY_TEST_MLFLOW_PYTHON` names; else why there is none.
 */
export async function testPython(name: Name): Promise<TestPython> {
  const variable = variableOf(name)
  const given = process.env[variable]
  if (given) return existsSync(given) ? { path: given } : { unavailable: `${variable} is ${given}, which is not there` }
  const path = join(home, '.assay/python', name, 'bin/python')
  if (!mayInstall() && !existsSync(path))
    return {
      unavailable: `no .assay/python/${name}: bun run task python --name ${name} makes it, as ASSAY_TEST_SERVERS=1 does`,
    }
  // Also where it is there: an environment that is half made, or of another lock, is made anew.
  const child = Bun.spawn([process.execPath, join(home, 'lib/cli/main.ts'), 'task', 'python', '--name', name], {
    cwd: home,
    env: { ...process.env, ASSAY_PYTHON: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, said] = await Promise.all([child.stdout.text(), child.stderr.text()])
  if ((await child.exited) !== 0) return { unavailable: said.trim().split('\n').slice(-3).join(' ') }
  return { path: JSON.parse(out).python }
}

/** The same for tests that take minutes: only in the long ones, or where a variable names one. */
export async function longPython(name: Name): Promise<TestPython> {
  if (process.env.ASSAY_LONG === 'yes' || process.env[variableOf(name)]) return testPython(name)
  return { unavailable: `what takes minutes runs in bun run test:long, or where ${variableOf(name)} names a Python` }
}

type Name = 'train' | 'mlflow'

function variableOf(name: Name): string {
  return `ASSAY_TEST_${name.toUpperCase()}_PYTHON`
}
