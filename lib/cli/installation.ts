import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cannot } from '../plan/problem.ts'

// Built-ins only: nothing else is known to be there before these have passed.

/** The least Bun supported; `engines` in package.json says the same. */
export const leastBun = '1.4.0'

/** Throws a Problem where Assay cannot run: an older Bun, or Windows outside WSL. */
export function checkMachine(bun: string, platform: string): void {
  if (platform === 'win32')
    throw cannot('run Assay', 'platform', 'Linux, macOS or WSL', 'Windows', 'Open a WSL terminal and run it there.')
  if (!Bun.semver.satisfies(bun.replace(/[-+].*/, ''), `>=${leastBun}`))
    throw cannot('run Assay', 'Bun', `version ${leastBun} or newer`, bun, 'Run: bun upgrade')
}

/**
 * Installs the packages of the checkout at `root` when they are missing or another lock file's, which costs reading two files
 * when there is nothing to do. A package inside another repository has no lock file: whoever added it installed it.
 * `installed`: this process has looked for packages where there were none, and must be started again to find them.
 * Throws a Problem when they cannot be had.
 */
export function ensureInstalled(root: string): 'there' | 'installed' {
  const lock = contentOf(join(root, 'bun.lock'))
  if (lock === undefined || root.includes('/node_modules/')) return 'there'
  // A copy of the lock file that was installed: times change with every checkout, and two clones may share the packages.
  const marker = join(root, 'node_modules/.assay-installed')
  if (contentOf(marker)?.equals(lock)) return 'there'
  // Its output belongs on stderr: stdout may have been promised to a view.
  const install = Bun.spawnSync([process.execPath, 'install', '--frozen-lockfile'], {
    cwd: root,
    stdin: 'ignore',
    stdout: 2,
    stderr: 2,
  })
  if (install.exitCode !== 0)
    throw cannot(
      'run Assay',
      'bun install --frozen-lockfile',
      'able to install its packages',
      `exit code ${install.exitCode}`,
      'Its lines above say why; the first start needs a network.',
    )
  const temporary = `${marker}.${process.pid}`
  writeFileSync(temporary, lock)
  renameSync(temporary, marker)
  return 'installed'
}

function contentOf(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path) : undefined
}
