import { describe, expect, test } from 'bun:test'
import { readLogSteps } from '../../../../tasks/training/steps/log-steps.ts'
import { parseProgress, readLines } from '../../../../tasks/training/steps/progress.ts'

describe('a line of progress', () => {
  test.each([
    [{ event: 'step', step: 3, loss: 0.5 }],
    [{ event: 'step', step: 3 }],
    [{ event: 'step', step: 3, loss: 'NaN' }],
    [{ event: 'checkpoint', step: 8, path: '/a/checkpoint-8', seconds: 0.1 }],
    [{ event: 'ended', how: 'finished' }],
  ])('%j is read', (line) => {
    expect(parseProgress(JSON.stringify(line)) as unknown).toEqual(line)
  })

  test.each([
    ['{"event":"step","step":3'],
    ['{"event":"step","loss":0.5}'],
    ['{"event":"step","step":-1}'],
    ['{"event":"step","step":1,"loss":"low"}'],
    ['{"event":"breakfast"}'],
    ['step 3'],
    ['3'],
    ['null'],
    [''],
  ])('%s is not', (line) => {
    expect(parseProgress(line)).toBeUndefined()
  })

  test('may have what Python writes of a loss that is no number', () => {
    expect(parseProgress('{"event": "step", "step": 3, "loss": NaN}')).toEqual({ event: 'step', step: 3, loss: 'NaN' })
    expect(parseProgress('{"event":"step","loss":-Infinity,"step":3}')).toMatchObject({ loss: '-Infinity' })
  })

  test('comes whole, wherever its bytes are parted', () => {
    const bytes = new TextEncoder().encode('{"path":"/é"}\n{"b":2}\n{"torn')
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const lines: string[] = []
      const reader = readLines((line) => lines.push(line))
      for (let at = 0; at < bytes.length; at += size) reader.add(bytes.subarray(at, at + size))
      expect(lines).toEqual(['{"path":"/é"}', '{"b":2}'])
      expect(reader.torn()).toBe(true)
    }
  })

  test('that never ends takes no memory', () => {
    const lines: string[] = []
    const reader = readLines((line) => lines.push(line))
    for (let i = 0; i < 200; i++) reader.add(new Uint8Array(2 ** 20).fill(120))
    reader.add(new TextEncoder().encode('\n{}\n'))
    expect(lines).toEqual(['{}'])
    expect(reader.torn()).toBe(false)
  })
})

describe('a step in a log', () => {
  const at = (line: string) => {
    const { time, event, ...step } = readLogSteps(() => 0).read(line)?.line ?? { event: 'none', time: 0 }
    return event === 'none' ? undefined : step
  }

  test('is in no line of the program that a traceback shows', () => {
    expect(at('    print(f"step {s} loss {loss:.4f}", flush=True)')).toBeUndefined()
  })

  test.each([
    ['step 12/100 loss=0.53', { step: 12, loss: 0.53 }],
    ['Step: 12, Loss: 5.3e-1, lr: 1e-4', { step: 12, loss: 0.53, lr: 1e-4 }],
    ['[epoch 2] iter 7 | train_loss 1.25', { step: 7, loss: 1.25, epoch: 2 }],
    ['{"step": 4, "loss": 0.25, "learning_rate": 0.001}', { step: 4, loss: 0.25, lr: 0.001 }],
    [
      "{'loss': 2.1, 'grad_norm': 0.3, 'learning_rate': 5e-05, 'epoch': 0.5}",
      { step: 1, loss: 2.1, lr: 5e-5, epoch: 0.5, uncertain: true },
    ],
    [' 12%|█▏        | 12/100 [00:05<00:37, 2.30it/s, loss=0.531]', { step: 12, loss: 0.531, uncertain: true }],
    ['global_step=9 training loss: nan', { step: 9, loss: 'NaN' }],
    ['step 3 loss=-inf', { step: 3, loss: '-Infinity' }],
  ] as const)('%s', (line, step) => {
    expect(at(line)).toEqual(step)
  })

  test.each([
    ['val_loss=0.3'],
    ['validation loss: 0.3'],
    ['step 8 eval loss 0.2'],
    ['best loss: 0.1'],
    ['a loss for us all'],
    ['step 12/100'],
    ['using lossless compression=3'],
    ['  0%|          | 0/100 [00:00<?, ?it/s, loss=0.9]'],
    ["{'train_runtime': '4.2', 'train_steps_per_second': '24', 'train_loss': '2.1', 'epoch': '1'}"],
    ['Validating:  10%|█ | 1/10 [00:01<00:09, loss=0.3]'],
  ])('none in: %s', (line) => {
    expect(at(line)).toBeUndefined()
  })

  test('without a number is the one after the last', () => {
    const { read } = readLogSteps()
    expect(['loss=3', 'step 7 loss=2', 'loss=1'].map((line) => read(line)?.line.step)).toEqual([1, 7, 8])
  })

  const steps = (lines: readonly string[]) => {
    const { read } = readLogSteps()
    return lines.flatMap((line) => read(line)?.line.step ?? [])
  }
  const bar = (count: number, total: number, loss: string) =>
    `${Math.floor((100 * count) / total)}%|█ | ${count}/${total} [00:01<00:09${loss}]`

  test('is told once by a bar of progress, however often that is drawn', () => {
    expect(steps([bar(0, 9, ', loss=9'), bar(1, 9, ', loss=8'), bar(1, 9, ', loss=7'), bar(4, 9, ', loss=6')])).toEqual(
      [1, 4],
    )
  })

  test('is counted on where a bar begins anew with each epoch', () => {
    const epoch = [bar(0, 3, ''), bar(1, 3, ', loss=3'), bar(2, 3, ', loss=2'), bar(3, 3, ', loss=1')]
    expect(steps([bar(70, 70, ''), ...epoch, ...epoch])).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('is the one that a bar beside its loss has come to', () => {
    const logged = (count: number) => [bar(count, 50, ''), "{'loss': 2.1, 'epoch': 0.5}"]
    expect(steps([bar(70, 70, ''), 'loss=3', ...logged(20), ...logged(40), 'loss=1', ...logged(50)])).toEqual([
      1, 20, 40, 41, 50,
    ])
  })
})
