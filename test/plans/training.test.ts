import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { removeRepositories } from '../lib/cli/helpers.ts'
import { testPython } from '../python-environments.ts'
import { ownPlan, plainPath, sets, trainingPlan } from './own-plans.ts'

setDefaultTimeout(300_000)
afterAll(removeRepositories)

const [train, mlflow] = [await testPython('train'), await testPython('mlflow')]
for (const [name, found] of Object.entries({ train, mlflow }))
  if ('unavailable' in found) console.warn(`skipped: plans that train, for want of ${name}: ${found.unavailable}`)

const env = { ...plainPath, HOME: process.env.HOME ?? '/' }

// Of no environment: all that these run is somebody's own.
describe('a command that is no training is told once', () => {
  const told = (text: string, words: string) => text.split(words).length - 1

  test.each([
    ['there is no such program', 'nosuch-training --fast', 'errored', 'Cannot start a program', 2],
    ['it ends at once', 'exit 7', 'failed', 'it ended with 7', 1],
  ])('in training-resume, as %s', async (_, command, outcome, words, code) => {
    const given = sets({ train: command })
    const { exit, out } = await ownPlan('training-resume').run(['plan', 'training-resume', ...given], { env })
    expect([exit, told(out, words)]).toEqual([code, 1])
    expect(out).toContain(`because train from scratch ${outcome}`)
    expect(out).not.toContain('✓ train')
  })

  test('in functional-4', async () => {
    using server = Bun.serve({
      port: 0,
      fetch: ({ url }) => (url.endsWith('/version') ? new Response('3.17.2') : Response.json({ experiments: [] })),
    })
    const given = sets({ train: 'exit 7', infer: 'exit 7' })
    const { exit, out } = await ownPlan('functional-4').run(['plan', 'functional-4', ...given], {
      env: { ...env, MLFLOW_TRACKING_URI: `http://127.0.0.1:${server.port}` },
    })
    expect([exit, told(out, 'it ended with 7')]).toEqual([1, 1])
    expect(out).toContain('because launch a minimal training failed')
  })
})

describe.skipIf('unavailable' in train)('a real training', () => {
  test('that is interrupted is the unbroken one, and makes a golden curve', async () => {
    const repo = trainingPlan('training-resume')
    const golden = join(repo.dir, 'golden.json')
    const words = ['plan', 'training-resume', ...sets({ golden })]
    const only = ['--only', 'interrupted by SIGKILL it is the unbroken training', '--only', 'it is the golden training']
    const { exit, out } = await repo.run([...words, ...only], { env })
    expect(out).toContain('✓ interrupted by SIGKILL it is the unbroken training  9 checks')
    expect(out).toContain('there was none')
    expect(exit).toBe(0)
    const curve = JSON.parse(readFileSync(golden, 'utf8'))
    expect(curve).toMatchObject({ schema: 1, band: 0, environment: { threads: '1' } })
    expect(curve.curve).toHaveLength(48)
  })

  test('is measured by images, waiting, CPU and memory, alone and with all instances there are devices for', async () => {
    const small = sets({ counts: '400', rounds: '1', seconds: '1', instances: '1,2' })
    const { exit, out, err } = await trainingPlan('performance-1').run(
      ['plan', 'performance-1', '--csv', '-', ...small],
      { env },
    )
    const rows: readonly Record<string, string>[] = parse(out, { columns: true })
    const metrics = rows.filter(({ unit, metric }) => unit !== '' && metric !== 'duration')
    expect(err).toContain('an epoch of 400 images, scaled down')
    expect(new Set(metrics.map(({ metric = '' }) => metric.replace(/\[.*/, '')))).toEqual(
      new Set(['rate', 'time', 'loader', 'waiting', 'cpu', 'memory', 'time again']),
    )
    for (const { value } of metrics) expect(Number(value)).toBeGreaterThan(0)
    expect(exit).toBe(0)
  })

  test('that is no training at all is failed, with the last lines of its log', async () => {
    const given = sets({ train: 'echo no such dataset >&2; exit 3' })
    const { exit, out } = await trainingPlan('training-resume').run(
      ['plan', 'training-resume', '--only', 'train from scratch', ...given],
      { env },
    )
    expect(out).toContain('the training failed: it ended with 3')
    expect(out).toContain('no such dataset')
    expect(exit).toBe(1)
  })
})

describe.skipIf('unavailable' in train || 'unavailable' in mlflow)('MLflow', () => {
  test('shows a training and its model, and that another one died', async () => {
    const { exit, out } = await trainingPlan('functional-4').run(['plan', 'functional-4'], { env })
    expect(out).toContain('✓ MLflow shows what the training did')
    expect(out).toContain('✓ the registered model loads and predicts')
    expect(out).toContain('✓ MLflow shows that the training died')
    expect(out).toMatch(/passed · 6 steps, \d+ checks · /)
    expect(exit).toBe(0)
  })
})
