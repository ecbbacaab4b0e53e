import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { byNvml } from '../../tasks/gpu/telemetry/by-nvml.ts'
import { removeRepositories } from '../lib/cli/helpers.ts'
import { testPython } from '../python-environments.ts'
import { type FakeSmi, fakeSmi } from '../tasks/gpu/telemetry/fake-smi.ts'
import { ownPlan, plainPath, sets, trainingPlan } from './own-plans.ts'

setDefaultTimeout(180_000)
afterAll(removeRepositories)

const train = await testPython('train')
if ('unavailable' in train) console.warn(`skipped: watching a card while a real training runs: ${train.unavailable}`)
const nvml = await byNvml({}, { env: process.env, log: () => {} })
if (nvml.kind !== 'none') {
  console.warn('skipped: plans with a card that is not there, since there is one')
  await nvml.close()
}

/** Somebody's own training, of steps that take 50 ms. */
const own = `for i in $(seq 40); do echo '{"event":"step","step":'$i'}' >&3; sleep 0.05; done`

/** A training on the CPU, the reference one where none is given, beside a card that says `looks`. */
async function run(smi: FakeSmi, more: Readonly<Record<string, string>> = {}, words: readonly string[] = []) {
  const repo = trainingPlan('gpu-utilisation')
  const env = { PATH: `${fakeSmi(join(repo.dir, 'smi'), smi)}:${plainPath.PATH}`, HOME: process.env.HOME ?? '/' }
  const given = sets({ images: '5000', rounds: '1', ...more })
  const ran = await repo.run(['plan', 'gpu-utilisation', '--csv', '-', ...given, ...words], {
    env: { ...env, DEVICE: 'cpu' },
  })
  const rows: readonly Record<string, string>[] = parse(ran.out, { columns: true })
  const metrics = rows.filter(({ unit, metric }) => unit !== '' && metric !== 'duration')
  return {
    ...ran,
    repo,
    rows,
    metrics: Object.fromEntries(metrics.map(({ metric, value }) => [metric, Number(value)])),
  }
}

describe.skipIf(nvml.kind !== 'none')('gpu-utilisation', () => {
  test('without a card is skipped, with the reason', async () => {
    const repo = ownPlan('gpu-utilisation')
    const { exit, out } = await repo.run(['plan', 'gpu-utilisation'], { env: plainPath })
    expect(out).toContain(
      '– find the card                         no card can be watched: there is no libnvidia-ml.so.1',
    )
    expect(out).toContain('everything was skipped; --allow-skip makes that a success')
    expect(exit).toBe(2)
    expect((await repo.run(['plan', 'gpu-utilisation', '--allow-skip'], { env: plainPath })).exit).toBe(0)
  })

  test('of a card that does not tell enough is skipped, with what it does not tell', async () => {
    const { exit, err } = await run({ looks: ['1980, 3201, 61, 300.10, [N/A], 71234, 143771, [N/A]'] })
    expect(err).toContain('NVIDIA H200 does not tell its utilisation')
    expect(exit).toBe(2)
  })

  test.skipIf('unavailable' in train)(
    'tells how busy, full and hot the card was while a real training ran',
    async () => {
      const { exit, err, repo, metrics } = await run({
        looks: ['1980, 3201, 61, 655.43, 93, 71885, 143771, 0x0000000000000004'],
      })
      expect(err).toContain('NVIDIA H200, by nvidia-smi')
      expect(err).toMatch(/✓ the card is well used, and safe +3 checks/)
      expect(exit).toBe(0)
      expect(metrics.busy).toBeCloseTo(93)
      expect(metrics.memory).toBeCloseTo(50, 0)
      expect(metrics.temperature).toBe(61)
      const looks = readdirSync(join(repo.dir, 'runs'), { recursive: true, encoding: 'utf8' }).find((name) =>
        name.endsWith('looks.csv'),
      )
      const rows: readonly Record<string, string>[] = parse(readFileSync(join(repo.dir, 'runs', looks ?? ''), 'utf8'), {
        columns: true,
      })
      expect(rows.length).toBeGreaterThan(10)
      expect(rows[0]).toMatchObject({ sample: 'training 1', utilisation_percent: '93', throttle: 'software power cap' })
    },
  )

  test('warns of a card that waits, is full and is hot, and fails of it where that is asked', async () => {
    const hot = '1980, 3201, 91, 655.43, 12, 140000, 143771, 0x0000000000000020'
    const { exit, err } = await run({ looks: [hot] }, { train: own }, ['--strict'])
    expect(err).toContain('it was busy 12 % of the time')
    expect(err).toContain('it was 97.4 % full')
    expect(err).toContain('it was 91 °C hot')
    expect(exit).toBe(1)
  })

  test('of a card that is lost meanwhile says so', async () => {
    const well = '1980, 3201, 61, 655.43, 93, 71885, 143771, 0x0000000000000000'
    const gone = 'GPU is lost.  Reboot the system to recover this GPU'
    const { exit, err } = await run({ looks: [...Array.from({ length: 8 }, () => well), gone] }, { train: own })
    expect(err).toContain('the card could no longer be watched: nvidia-smi says: GPU is lost.')
    expect(exit).toBe(1)
  })

  test('of a training that is over too soon says what to do', async () => {
    const well = '1980, 3201, 61, 655.43, 93, 71885, 143771, 0x0000000000000000'
    const { exit, err } = await run({ looks: [well] }, { train: own.replace('40', '4') })
    expect(err).toMatch(/its steps were over after \d looks at it\. Give the training more to do: --set images=/)
    expect(exit).toBe(2)
  })
})
