import { expect, test } from 'bun:test'
import { type GoldenCurve, judgeGolden } from '../../../../tasks/training/judge/golden.ts'

const golden: GoldenCurve = {
  schema: 1,
  environment: { torch: '2.15.0', cpu: 'AVX2' },
  code: 'a',
  seen: 'program',
  curve: [
    { step: 1, loss: 2 },
    { step: 2, loss: 1 },
  ],
  band: 0.01,
}
const moved = [
  { step: 1, loss: 2 },
  { step: 2, loss: 1.1 },
]
const reasonOf = (run: Partial<Parameters<typeof judgeGolden>[1]> & Pick<GoldenCurve, 'curve'>) => {
  const finding = judgeGolden(golden, { ...golden, ...run })
  return 'reason' in finding ? `${finding.verdict}: ${finding.reason}` : finding.verdict
}

test('a curve within the band is the golden one, whatever it was made by', () => {
  const curve = golden.curve.map(({ step, loss }) => ({ step, loss: loss + 0.009 }))
  expect(reasonOf({ environment: { torch: '3' }, code: 'b', curve })).toBe('pass')
})

test('one outside of it is told by what changed', () => {
  const found = '1 of 2 steps lie outside, first step 2: 1.1 where it was 1'
  expect(reasonOf({ ...golden, curve: moved })).toBe(`fail: neither code nor environment changed: ${found}`)
  expect(reasonOf({ ...golden, code: 'b', curve: moved })).toBe(`fail: change of code: ${found}`)
  expect(reasonOf({ ...golden, environment: { torch: '2.16.0', cpu: 'AVX2' }, curve: moved })).toBe(
    `fail: drift of environment (torch 2.15.0 → 2.16.0): ${found}`,
  )
  expect(reasonOf({ environment: { torch: '2.15.0' }, code: 'b', curve: moved })).toBe(
    `fail: change of code, and of the environment (cpu AVX2 → none): ${found}`,
  )
})

test('of code that is not wholly known only that is told', () => {
  const found = '1 of 2 steps lie outside, first step 2: 1.1 where it was 1'
  expect(reasonOf({ seen: 'command', curve: moved })).toBe(
    `fail: nothing that is known of it changed; of its code only its command is known: ${found}`,
  )
  expect(reasonOf({ seen: 'named files', environment: { torch: '3', cpu: 'AVX2' }, curve: moved })).toBe(
    `fail: drift of environment (torch 2.15.0 → 3); of its code only its command and the files that it names are known: ${found}`,
  )
  expect(reasonOf({ seen: 'command', code: 'b', curve: moved })).toBe(`fail: change of code: ${found}`)
})

test('steps that are missing, and a curve of other steps, are told', () => {
  expect(reasonOf({ ...golden, curve: moved.slice(0, 1) })).toContain('1 of its steps are missing')
  expect(reasonOf({ ...golden, curve: [] })).toBe('undecided: no step is of both curves')
})

test('a loss that is no number lies outside', () => {
  expect(
    reasonOf({
      ...golden,
      curve: [
        { step: 1, loss: 2 },
        { step: 2, loss: Number.NaN },
      ],
    }),
  ).toStartWith('fail')
})
