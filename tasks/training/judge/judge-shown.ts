import { equal, type Finding, holds, undecided } from '../../../lib/index.ts'
import type { Shown } from '../shown.ts'
import { lossesOf, type Trained } from '../trained.ts'

/** Judges what MLflow shows of a training that came to its end, against what it was given and its own lines. */
export function judgeShown(
  shown: Shown,
  trained: Trained,
  given: Readonly<Record<string, string>>,
): readonly Finding[] {
  return [
    equal('there is one run of the training', shown.runs, 1),
    equal('the run is FINISHED', shown.status, 'FINISHED'),
    equal('the training ended its run by itself', shown.leftRunning, 0),
    couldTell(trained),
    lossesAreNumbers(trained),
    paramsShown(shown, given),
    historyShown(shown, trained),
    holds(
      'the model is an artifact of the run',
      shown.artifacts.some(({ path, size }) => size > 0 && /model|\.(safetensors|pth?|onnx|ckpt)$/i.test(path)),
      `its artifacts are ${shown.artifacts.map(({ path }) => path).join(', ') || 'none'}`,
    ),
    holds(
      'a version of the registered model points at the run',
      shown.versions.some(({ status }) => status === 'READY'),
      `versions made by the run: ${shown.versions.map(({ version, status }) => `${version} (${status})`).join(', ') || 'none'}`,
    ),
    systemMetrics(shown),
  ]
}

/** Why something is not there, where it is not. Points that were sent later are no loss. */
function couldTell({ untracked, pointsLost }: Trained): Finding {
  const said = untracked.filter((what) => pointsLost > 0 || !what.startsWith('send metrics '))
  const lost = pointsLost > 0 ? [`${pointsLost} points of metrics were lost`] : []
  return holds(
    'the training could tell MLflow of itself',
    said.length + lost.length === 0,
    [...said, ...lost].join('; '),
  )
}

function lossesAreNumbers(trained: Trained): Finding {
  const lost = lossesOf(trained).find(({ loss }) => !Number.isFinite(loss))
  return holds('every loss is a number', lost === undefined, `it is ${lost?.loss} at step ${lost?.step}`)
}

/** By the names that MLflow gives what its machine did. */
function systemMetrics({ histories }: Shown): Finding {
  const name = 'system metrics are of this world'
  const found = Object.entries(histories).filter(([key]) => key.startsWith('system/'))
  if (found.length === 0) return undecided(name, 'the run shows no metric system/…')
  const most = (key: string) => (key.endsWith('_percentage') ? 100 : Number.MAX_VALUE)
  const odd = found.flatMap(([key, points]) =>
    points.flatMap(({ value }) => (value >= 0 && value <= most(key) ? [] : [`${key} is ${value}`])),
  )
  return holds(name, odd.length === 0, odd[0] ?? '')
}

/** A run whose training was killed, or died. */
export function judgeDied(shown: Shown): readonly Finding[] {
  const over: readonly string[] = ['FAILED', 'KILLED']
  return [
    equal('there is one run of the training', shown.runs, 1),
    holds('the run is FAILED or KILLED', over.includes(shown.status), `it is ${shown.status}`),
    holds('the run has an end', shown.ended, 'it has none'),
    holds('no model was registered', shown.versions.length === 0, 'there is a version of it'),
  ]
}

/** `EPOCHS`, `epochs` and `num-epochs` are not told apart but for what stands before. */
const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '')

function paramsShown({ params }: Shown, given: Readonly<Record<string, string>>): Finding {
  const there = Object.entries(params).map(([name, value]) => [plain(name), value] as const)
  const missing = Object.entries(given).flatMap(([name, value]) => {
    const named = there.filter(([own]) => own.endsWith(plain(name)))
    if (named.some(([, own]) => own === value || Number(own) === Number(value))) return []
    return [named[0] ? `${name} is ${named[0][1]} and not ${value}` : `${name} is not there`]
  })
  return holds('its parameters are those that were given', missing.length === 0, missing.join(', '))
}

/** Of floats, half of their digits. Some of MLflow's stores put the greatest number in the place of Infinity. */
function near(shown: number | undefined, own: number): boolean {
  if (shown === undefined) return false
  if (!Number.isFinite(own))
    return Object.is(shown, own) || (Math.abs(shown) > 1e308 && Math.sign(shown) === Math.sign(own))
  return Math.abs(shown - own) <= 1e-6 * Math.max(1, Math.abs(own))
}

/** Some metric must have, step by step, the losses that the training reported. */
function historyShown({ histories }: Shown, trained: Trained): Finding {
  const name = 'a metric has the history that the training reported'
  if (trained.source === 'mlflow')
    return undecided(name, 'its steps are read from MLflow, as nothing else tells of them')
  const own = new Map(lossesOf(trained).map(({ step, loss }) => [step, loss]))
  if (own.size === 0) return undecided(name, 'the training reported no losses')
  const off = Object.entries(histories).map(([key, points]) => {
    const there = new Map(points.map(({ step, value }) => [step, value]))
    const wrong = [...own].filter(([step, loss]) => !near(there.get(step), loss)).length
    return { key, wrong: wrong + Math.max(0, points.length - own.size) }
  })
  const best = off.toSorted((a, b) => a.wrong - b.wrong)[0]
  if (best === undefined) return { name, verdict: 'fail', reason: 'there is no metric' }
  return holds(name, best.wrong === 0, `of ${own.size} steps, ${best.wrong} differ in ${best.key}, which comes nearest`)
}
