import { expect, test } from 'bun:test'
import { bandOf, type Outcome, resumeEquals } from '../../../../tasks/training/judge/resume-equals.ts'

/** A safetensors file as its format says. */
function weights(tensors: Readonly<Record<string, readonly number[]>>): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } }
  const parts: Uint8Array[] = []
  let at = 0
  for (const [name, values] of Object.entries(tensors)) {
    const bytes = new Uint8Array(new Float32Array(values).buffer)
    header[name] = { dtype: 'F32', shape: [values.length], data_offsets: [at, at + bytes.byteLength] }
    parts.push(bytes)
    at += bytes.byteLength
  }
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.byteLength))
  return Buffer.concat([length, text, ...parts])
}

const curve = (steps: readonly number[], by = 0) => steps.map((step) => ({ step, loss: 1 / step + by }))
const whole: Outcome = { steps: curve([1, 2, 3, 4, 5, 6]), weights: weights({ a: [1, 2], b: [3] }) }
const failed = (resumed: Outcome, band?: Parameters<typeof resumeEquals>[2]) =>
  resumeEquals(whole, resumed, band).flatMap((finding) => (finding.verdict === 'fail' ? [finding.reason] : []))

test('the same steps, some of them twice, and the same bits are the same training', () => {
  expect(failed({ ...whole, steps: curve([1, 2, 3, 4, 3, 4, 5, 6]) })).toEqual([])
})

test('a loss that differs by its last bit is another training, and says where', () => {
  const steps = whole.steps.map(({ step, loss }) => ({ step, loss: step === 4 ? 0.25 + Number.EPSILON : loss }))
  expect(failed({ ...whole, steps })).toEqual([
    'from step 4 on: 0.2500000000000002 where it was 0.25; 2.22e-16 apart at most',
  ])
})

test('a step that came out otherwise when it was repeated is told', () => {
  const steps = [...curve([1, 2, 3, 4]), { step: 3, loss: 9 }, ...curve([4, 5, 6])]
  expect(failed({ ...whole, steps })).toHaveLength(1)
})

test('a learning rate that differs is told', () => {
  const rated = (lr: (step: number) => number): Outcome => ({
    ...whole,
    steps: whole.steps.map(({ step, loss }) => ({ step, loss, lr: lr(step) })),
  })
  const reasons = (a: Outcome, b: Outcome) =>
    resumeEquals(a, b).flatMap((finding) => (finding.verdict === 'fail' ? [finding.reason] : []))
  expect(
    reasons(
      rated((step) => 1 / step),
      rated((step) => 1 / step),
    ),
  ).toEqual([])
  expect(
    reasons(
      rated((step) => 1 / step),
      rated((step) => 1 / Math.max(step, 2)),
    ),
  ).toEqual(['from step 1 on: 0.5 where it was 1; 0.5 apart at most'])
  expect(
    reasons(
      rated(() => 1),
      whole,
    ),
  ).toEqual(['from step 1 on: undefined where it was 1; Infinity apart at most'])
})

test('weights that nobody left are no proof either way', () => {
  expect(resumeEquals(whole, { ...whole, weights: undefined }).at(-1)?.verdict).toBe('undecided')
})

test('steps that are missing or beyond are told', () => {
  expect(failed({ ...whole, steps: curve([1, 2, 5, 6, 7]) })).toEqual([
    'steps 3, 4 are missing, steps 7 are not of the unbroken training',
  ])
})

test('weights that differ are told by tensor and distance, others by what they are', () => {
  expect(failed({ ...whole, weights: weights({ a: [1, 2.5], b: [3] }) })).toEqual([
    '1 of 2 tensors differ, a first; 0.5 apart at most',
  ])
  expect(failed({ ...whole, weights: weights({ a: [1, 2] }) })).toEqual(['b is in one of them only'])
  expect(failed({ ...whole, weights: weights({ a: [1, 2, 3], b: [3] }) })).toEqual(['a has another type or shape'])
  expect(failed({ ...whole, weights: weights({ a: [1, Number.NaN], b: [3] }) })[0]).toContain('Infinity apart')
})

test('a loss that became no number is equal to the same, and to nothing else', () => {
  const lost: Outcome = { ...whole, steps: [{ step: 1, loss: Number.NaN }] }
  expect(resumeEquals(lost, lost).map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'undecided', 'pass'])
  expect(resumeEquals(lost, { ...lost, steps: [{ step: 1, loss: 1 }] })[1]?.verdict).toBe('fail')
})

test('a band is as wide as repeats are apart, and holds what lies within', () => {
  const other: Outcome = { steps: curve([1, 2, 3, 4, 5, 6], 0.01), weights: weights({ a: [1, 2.25], b: [3] }) }
  const band = bandOf([whole, other, whole])
  expect(band.loss).toBeCloseTo(0.01, 10)
  expect(band.weight).toBe(0.25)
  expect(failed(other, band)).toEqual([])
  expect(failed({ steps: curve([1, 2, 3, 4, 5, 6], 0.02), weights: whole.weights }, band)).toHaveLength(1)
  expect(bandOf([whole, whole])).toEqual({ loss: 0, weight: 0 })
})

test('a file that is cut short is told in a sentence', () => {
  expect(() => resumeEquals(whole, { ...whole, weights: whole.weights?.subarray(0, 90) })).toThrow('safetensors file')
  expect(() => resumeEquals(whole, { ...whole, weights: new Uint8Array(3) })).toThrow('it has 3 bytes')
})

test('losses of which no log says for certain whose they are decide nothing, and weights still do', () => {
  const unsure = {
    ...whole,
    steps: curve([1, 2, 3, 4, 5, 6], 0.1).map((step) => ({ ...step, uncertain: true }) as const),
  }
  const verdicts = (resumed: Outcome) => resumeEquals(whole, resumed).map(({ verdict }) => verdict)
  expect(verdicts(unsure)).toEqual(['undecided', 'undecided', 'undecided', 'pass'])
  expect(verdicts({ ...unsure, weights: weights({ a: [1, 9], b: [3] }) }).at(-1)).toBe('fail')
})
