import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { holdAgainstGolden } from '../../../../tasks/training/judge/golden-file.ts'
import { namedFiles } from '../../../../tasks/training/named-files.ts'
import { programDigest } from '../../../../tasks/training/program.ts'

const root = mkdtempSync(join(tmpdir(), 'assay-golden-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function file(path: string, text: string): string {
  const full = join(root, path)
  mkdirSync(dirname(full), { recursive: true })
  writeFileSync(full, text)
  return full
}

let made = 0
function trained(command: string, losses: readonly number[], before = '') {
  const steps = losses.map((loss, at) => JSON.stringify({ event: 'step', step: at + 1, loss }))
  return {
    command,
    source: 'progress' as const,
    series: file(`series-${made++}.jsonl`, [before, ...steps, ''].join('\n')),
    checkpoints: [],
    leftBehind: 0,
    untracked: [],
    pointsLost: 0,
  }
}

const codeOf = (golden: string): string => JSON.parse(readFileSync(golden, 'utf8')).code

describe('a golden curve of somebody else', () => {
  const program = file('train.py', 'print(1)')
  const command = `python '${program}' --lr 0.1`
  const golden = join(root, 'golden.json')
  const reasonOf = async (by: string, losses: readonly number[], before = '') => {
    const finding = await holdAgainstGolden(golden, trained(by, losses, before), [])
    return 'reason' in finding ? finding.reason : finding.verdict
  }

  test('has the files that its command names for its code, and nothing of ours', async () => {
    expect(await reasonOf(command, [2, 1])).toStartWith('there was none')
    expect(codeOf(golden)).toBe(new Bun.SHA256().update(command).update('[]').update('print(1)').digest('hex'))
    expect(await reasonOf(command, [2, 1])).toBe('pass')
    expect(await reasonOf(command, [2, 1.5])).toStartWith(
      'nothing that is known of it changed; its environment is not known; of its code only its command and the files that it names are known: 1 of 2',
    )
  })

  test('changes with them, and with its words', async () => {
    file('train.py', 'print(2)')
    expect(await reasonOf(command, [2, 1.5])).toStartWith('change of code; its environment is not known: 1 of 2')
    file('train.py', 'print(1)')
    expect(await reasonOf(command, [2, 1.5])).toStartWith('nothing that is known of it changed')
    expect(await reasonOf(`${command} --fast`, [2, 1.5])).toStartWith('change of code')
  })

  test('takes what it says of itself, also where Python writes what JSON has no word for', async () => {
    const started = '{"event":"started","steps":2,"torch":"3","best":NaN,"settings":{"lr":0.1}}'
    expect(await reasonOf(command, [2, 1.5], started)).toStartWith(
      'change of code, and of the environment (torch none → 3)',
    )
    expect(await reasonOf(command, [2, 1.5], '"started"')).toStartWith('nothing that is known of it changed')
  })
})

test('a golden curve of the reference training has our program for its code', async () => {
  const golden = join(root, 'ours.json')
  await holdAgainstGolden(golden, trained('the reference training', [2, 1]), [])
  const hash = new Bun.SHA256().update('the reference training').update('[]').update(programDigest())
  expect(codeOf(golden)).toBe(hash.digest('hex'))
})

describe('the files that a command names', () => {
  for (const path of ['a/train.py', 'a/pkg/run.py', 'a/job/__main__.py', 'b c.yaml', 'bin/python3']) file(path, '')
  test.each([
    ['python a/train.py', ['a/train.py']],
    ['cd a && python -m pkg.run --config "../b c.yaml"', ['a/pkg/run.py', 'b c.yaml']],
    ['cd a; python -m job', ['a/job/__main__.py']],
    ["A=1 ./bin/python3 'a/train.py' > a/log && echo a", ['a/train.py']],
    ['python -m nowhere a', []],
    ['true', []],
  ])('%s', (command, names) => {
    expect(namedFiles(command, root)).toEqual(names.map((name) => join(root, name)))
  })
})
