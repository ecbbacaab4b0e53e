import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Problem } from '../../../lib/plan/problem.ts'
import { libc } from '../../../lib/shell/libc.ts'
import type { Ran } from './helpers.ts'

const commands = {
  plan: () => import('../../../lib/cli/plan.ts'),
  report: () => import('../../../lib/cli/report.ts'),
  task: () => import('../../../lib/cli/task.ts'),
  doctor: () => import('../../../lib/cli/doctor.ts'),
  noise: () => import('../../../lib/cli/noise.ts'),
  gc: () => import('../../../lib/cli/gc.ts'),
  torture: () => import('../../../lib/cli/torture.ts'),
  schedule: () => import('../../../lib/cli/schedule.ts'),
  history: () => import('../../../lib/cli/history.ts'),
}

/**
 * Runs a command in this process, where coverage sees it, with descriptors 1 and 2 pointed at files meanwhile. Every other
 * test of the command line starts the real one.
 */
export async function inProcess(command: keyof typeof commands, dir: string, args: readonly string[]): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-fds-'))
  const { dup, dup2 } = libc()
  const paths = [join(folder, 'out'), join(folder, 'err')] as const
  const files = paths.map((path) => openSync(path, 'w'))
  const saved = [dup(1), dup(2)]
  const point = (fds: readonly number[]) => {
    for (const [index, fd] of fds.entries()) dup2(fd, index + 1)
  }
  const before = process.cwd()
  const variables = { ...process.env }
  process.chdir(dir)
  point(files)
  let exit = 2
  let thrown = ''
  try {
    exit = await (await commands[command]()).run(args)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    thrown = `${error.message}\n`
  } finally {
    point(saved)
    process.chdir(before)
    for (const name of Object.keys(process.env)) if (!(name in variables)) delete process.env[name]
    for (const fd of [...files, ...saved]) closeSync(fd)
  }
  const [out, err] = paths.map((path) => readFileSync(path, 'utf8'))
  rmSync(folder, { recursive: true })
  return { exit, out: out ?? '', err: (err ?? '') + thrown }
}
