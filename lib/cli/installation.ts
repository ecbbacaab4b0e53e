import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
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
 * Installs the packages of the checkout at `root` when they are missing or another lock file's, which costs two looks at
 * files when there is nothing to do. A package inside another repository has no lock file: whoever added it installed it.
 * Throws a Problem when they cannot be had.
 */
export function ensureInstalled(root: string): void {
  const lock = statSync(join(root, 'bun.lock'), { throwIfNoEntry: false })
  if (lock === undefined || root.includes('/node_modules/')) return
  const wanted = `${lock.size} ${lock.mtimeMs}\n`
  const marker = join(root, 'node_modules/.assay-installed')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return
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
  writeFileSync(marker, wanted)
}
