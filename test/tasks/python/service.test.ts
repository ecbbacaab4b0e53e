import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { recipes } from '../../../tasks/python/recipes.ts'
import { planText, type Repository, removeRepositories, repository, sentenceOf } from '../../lib/cli/helpers.ts'
import { pythonProblem } from './python-rig.ts'

afterAll(removeRepositories)

const problem = pythonProblem()
if (problem !== undefined) console.warn(`skipped: a Python of one's own in a plan: ${problem}`)

const body = `const environment = plan.use(python('train'))
  plan.step({ name: 'think', output: v.number(), run: () => 1 })
  plan.step({ name: 'train', needs: { environment }, output: v.string(),
    run: async ({ environment }, { $ }) => (await $\`\${environment.python} -c 'import torch; print(torch.BUILD)'\`).stdout })`
const withPlan = () => {
  return repository({ p: `import { python } from 'assay/tasks/python/environment'\n${planText('p', body)}` })
}
const nothingLeft = (repo: Repository) => {
  expect([existsSync(join(repo.dir, 'runs/p')), existsSync(join(repo.dir, '.assay/python'))]).toEqual([false, false])
}

describe('a plan that needs Python', () => {
  test('is told in one sentence before it begins that there is none; what does not need it runs', async () => {
    const repo = withPlan()
    const env = { PATH: join(repo.dir, 'nothing'), ASSAY_TORCH_INDEX: '' }
    for (const words of [[], ['--dry-run']]) {
      const ran = await repo.run(['plan', 'p', ...words], { env })
      expect([ran.exit, ran.out, sentenceOf(ran)]).toEqual([
        2,
        '',
        "Cannot make the Python environment 'train' as 'python3' must be Python 3.11 or newer on PATH: current value is not there. Install one (with uv: uv python install 3.13), or name yours by ASSAY_PYTHON.",
      ])
    }
    nothingLeft(repo)
    expect((await repo.run(['plan', 'p', '--only', 'think'], { env })).exit).toBe(0)
    expect(existsSync(join(repo.dir, '.assay/python'))).toBe(false)
  })

  test.skipIf(problem !== undefined)(
    'and has an interpreter of its own is told what that lacks, or uses it',
    async () => {
      const repo = withPlan()
      const env = { ASSAY_PYTHON: 'python3', PYTHONPATH: join(repo.dir, 'modules'), PYTHONNOUSERSITE: '1' }
      for (const module of recipes.train.modules) if (module !== 'torch') repo.file(`modules/${module}/__init__.py`, '')
      repo.file('modules/torch/__init__.py', "raise ImportError('no libcublas')")
      expect(sentenceOf(await repo.run(['plan', 'p'], { env }))).toBe(
        "Cannot use your own Python for 'train' as 'ASSAY_PYTHON' must be an interpreter that can import torch, numpy, PIL, sklearn, boto3, safetensors: current value is python3, which lacks torch (no libcublas). Install them there, or unset it and have Assay make an environment.",
      )
      nothingLeft(repo)
      repo.file('modules/torch/__init__.py', "BUILD = 'of my own'")
      const { exit, out } = await repo.run(['plan', 'p'], { env })
      expect(out).toMatch(/✓ python train +Python 3\.\d+\.\d+.*, your own/)
      expect(exit).toBe(0)
    },
  )

  test.skipIf(problem !== undefined)('alone, the task says as JSON where it is', async () => {
    const repo = repository()
    const env = { ASSAY_PYTHON: 'python3', PYTHONPATH: join(repo.dir, 'modules') }
    for (const module of recipes.mlflow.modules) repo.file(`modules/${module}.py`, '')
    const { exit, out, err } = await repo.run(['task', 'python', '--name', 'mlflow'], { env })
    expect([exit, err]).toEqual([0, ''])
    const { name, python, bin } = JSON.parse(out)
    expect([name, existsSync(python), existsSync(bin)]).toEqual(['mlflow', true, true])
    expect(sentenceOf(await repo.run(['task', 'python', '--name', 'label'], { env }))).toContain('one of train, mlflow')
  })
})
