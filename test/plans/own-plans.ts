import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { home, type Repository, repository } from '../lib/cli/helpers.ts'

/** PATH with Bun and the shell's tools, and no rustfs. */
export const plainPath = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` }

/** A repository that holds one of Assay's own plans, its runs apart from those of this checkout. */
export function ownPlan(plan: string): Repository {
  const repo = repository()
  for (const folder of ['lib', 'tasks', 'benchmarks']) symlinkSync(join(home, folder), join(repo.dir, folder))
  cpSync(join(home, 'plans', `${plan}.ts`), join(repo.dir, 'plans', `${plan}.ts`))
  return repo
}

/** One that trains, with the Python environments of this checkout. */
export function trainingPlan(plan: string): Repository {
  const repo = ownPlan(plan)
  mkdirSync(join(repo.dir, '.assay'), { recursive: true })
  symlinkSync(join(home, '.assay/python'), join(repo.dir, '.assay/python'))
  return repo
}

/** The words that give a plan its parameters. */
export function sets(params: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(params).flatMap(([name, value]) => ['--set', `${name}=${value}`])
}
