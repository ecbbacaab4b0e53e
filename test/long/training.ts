// The plans that train, whole: every interruption, every defect in resuming, and as many samples as they take by themselves.
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { removeRepositories } from '../lib/cli/helpers.ts'
import { plainPath, trainingPlan } from '../plans/own-plans.ts'
import { testPython } from '../python-environments.ts'

const [train, mlflow] = [await testPython('train'), await testPython('mlflow')]
const missing = [train, mlflow].flatMap((found) => ('unavailable' in found ? [found.unavailable] : []))
if (missing.length > 0) console.warn(`skipped: whole plans that train: ${missing.join('; ')}`)
afterAll(removeRepositories)
setDefaultTimeout(20 * 60_000)

test.skipIf(missing.length > 0).each([
  ['training-resume', /passed · 26 steps, \d+ checks · /],
  ['functional-4', /passed · 6 steps, \d+ checks · /],
  ['performance-1', /passed · 2 steps, 2 measures/],
])('%s passes', async (plan, end) => {
  const repo = trainingPlan(plan)
  const { exit, out } = await repo.run(['plan', plan], { env: { ...plainPath, HOME: process.env.HOME ?? '/' } })
  console.log(out)
  expect(out).toMatch(end)
  expect(exit).toBe(0)
})
