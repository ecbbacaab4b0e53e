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

async function run(plan: string) {
  const ran = await trainingPlan(plan).run(['plan', plan], { env: { ...plainPath, HOME: process.env.HOME ?? '/' } })
  console.log(ran.out)
  return ran
}

test.skipIf(missing.length > 0).each([
  ['training-resume', /passed · 26 steps, \d+ checks · /],
  ['functional-4', /passed · 6 steps, \d+ checks · /],
])('%s passes', async (plan, end) => {
  const { exit, out } = await run(plan)
  expect(out).toMatch(end)
  expect(exit).toBe(0)
})

test.skipIf(missing.length > 0)('performance-1 passes, or says that a training did not do so again', async () => {
  const { exit, out } = await run('performance-1')
  const failed = out.match(/^ +✗ .*/gm) ?? []
  // What else the machine does may befall one of the two: then that is what is to be said.
  expect(failed.filter((line) => !/✗ (time again|an epoch of) /.test(line))).toEqual([])
  expect(out).toMatch(/(passed|failed) · 3 steps( \(\d skipped\))?, 6 measures/)
  expect(exit).toBe(failed.length === 0 ? 0 : 1)
})
