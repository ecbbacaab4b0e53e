import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import * as v from 'valibot'
import { startWorker, type WorkerOptions } from '../../../../tasks/gpu/worker/worker-process.ts'
import { runs } from '../../../lib/shell/runs.ts'

// A busy machine takes its time to start a program.
setDefaultTimeout(60_000)
const ample = 30_000

/** Does to itself what it is asked for. */
const child = `
while read -r line; do
  id=\${line##*'"id":'} id=\${id%?}
  case $line in
    *'"ask":"say"'*) echo noise; echo "{\\"id\\":$id,\\"answer\\":{\\"said\\":\\"$id\\"}}" >&3 ;;
    *'"ask":"refuse"'*) echo "{\\"id\\":$id,\\"refused\\":\\"Not so large.\\"}" >&3 ;;
    *'"ask":"miscompute"'*) echo "{\\"id\\":$id,\\"refused\\":\\"It is wrong.\\",\\"wrong\\":true}" >&3 ;;
    *'"ask":"never"'*) ;;
    *'"ask":"fault"'*) echo "about to" >&2; signal=\${line#*'"signal":"'} && kill "-\${signal%%'"'*}" $$ ;;
    *'"ask":"exit"'*) exit 3 ;;
    *'"ask":"lose"'*) printf '{"lost":"the driver was reset"}\\n{"id":%s,"refused":"It went wrong."}\\n' "$id" >&3 ;;
    *'"ask":"babble"'*) echo 'Warning: not for you' >&3 ;;
    *'"ask":"flood"'*) exec head -c 100000000 /dev/zero >&3 ;;
    *'"ask":"deaf"'*) exec 0<&-; sleep 300 ;;
  esac
done`

const Said = v.object({ said: v.string() })

function start(options: Partial<WorkerOptions> = {}) {
  const printed: string[] = []
  const worker = startWorker({
    name: 'The worker',
    command: ['bash', '-c', child],
    cwd: '/',
    env: { PATH: process.env.PATH },
    log: (line) => void printed.push(line),
    ...options,
  })
  return { worker, printed, say: () => worker.ask({ ask: 'say' }, Said, ample) }
}

describe('a worker that goes on', () => {
  test('answers each by its id, whatever it prints', async () => {
    const { worker, printed, say } = start()
    const answered = (said: string) => ({ kind: 'answered', value: { said } }) as const
    expect(await Promise.all([say(), say(), say()])).toEqual([answered('1'), answered('2'), answered('3')])
    expect(worker.end()).toBeUndefined()
    await worker.stop()
    // By another pipe, so perhaps later than the answers.
    expect(printed).toEqual(['noise', 'noise', 'noise'])
  })

  test('refuses with a sentence, and is asked again', async () => {
    const { worker, say } = start()
    expect(await worker.ask({ ask: 'refuse' }, Said, ample)).toEqual({
      kind: 'refused',
      wrong: false,
      sentence: 'Not so large.',
    })
    expect(await worker.ask({ ask: 'miscompute' }, Said, ample)).toMatchObject({ kind: 'refused', wrong: true })
    expect(await say()).toMatchObject({ kind: 'answered' })
    await worker.stop()
  })

  test('of Python is asked the same way', async () => {
    const python = Bun.which('python3')
    if (python === null) return console.log('skipped: no python3')
    const lines = [
      'import json, os, sys',
      'for line in sys.stdin:',
      '  print("noise", flush=True)',
      '  os.write(3, (json.dumps({"id": json.loads(line)["id"], "answer": {"said": "ü"}}) + "\\n").encode())',
    ]
    const { worker, say } = start({ command: [python, '-c', lines.join('\n')] })
    expect(await say()).toEqual({ kind: 'answered', value: { said: 'ü' } })
    expect(await say()).toMatchObject({ kind: 'answered' })
    expect(await worker.stop()).toBe('term')
  })
})

describe('what can befall a worker is told apart', () => {
  async function befalls(ask: string, more: Record<string, unknown> = {}, deadline = ample) {
    const { worker, say } = start()
    expect(await say()).toMatchObject({ kind: 'answered' })
    const [outcome, beside] = await Promise.all([worker.ask({ ask, ...more }, Said, deadline), say()])
    // Whoever else waits is told, and whoever asks later.
    if (worker.end() !== undefined) {
      expect(await say()).toEqual(outcome)
      expect(outcome).toEqual(await worker.ended)
      expect(runs(worker.pid ?? 0)).toBe(false)
    }
    return { outcome, beside }
  }

  test.each(['SEGV', 'ABRT', 'FPE', 'BUS'])('a crash by SIG%s', async (signal) => {
    const { outcome, beside } = await befalls('fault', { signal })
    expect(outcome).toEqual({
      kind: 'crashed',
      by: `SIG${signal}`,
      sentence: `The worker crashed with SIG${signal} at 'fault', 'say' (it printed last: noise | about to).`,
    })
    expect(beside).toEqual(outcome)
  })

  test('an end that nobody told it to', async () => {
    expect((await befalls('exit')).outcome).toMatchObject({ kind: 'crashed', by: 'exit code 3' })
  })

  test('no end: it is killed at the deadline', async () => {
    const { outcome, beside } = await befalls('never', {}, 200)
    expect(outcome).toEqual({
      kind: 'endless',
      seconds: 0.2,
      sentence:
        "The worker was killed as 'never' had not ended after 0.2 s: a kernel that never ends, or a card that answers no more.",
    })
    // What was answered before stands.
    expect(beside).toMatchObject({ kind: 'answered' })
  })

  test('a kill from outside, and whether the kernel was short of memory', async () => {
    const { worker, say } = start()
    await say()
    const asked = worker.ask({ ask: 'never' }, Said, ample)
    process.kill(worker.pid ?? 0, 'SIGKILL')
    const outcome = await asked
    if (outcome.kind !== 'killed') throw new Error(outcome.kind)
    expect(outcome.memory).not.toBe(true)
    expect(outcome.sentence).toStartWith("The worker was killed with SIGKILL at 'never', by somebody else")
  })

  test('a lost device', async () => {
    expect((await befalls('lose')).outcome).toEqual({
      kind: 'lost',
      reason: 'the driver was reset',
      sentence: 'The worker lost its device: the driver was reset.',
    })
  })

  test('what is no answer', async () => {
    expect((await befalls('babble')).outcome).toEqual({
      kind: 'garbled',
      sentence: 'The worker was killed as it answered what is no answer: Warning: not for you.',
    })
  })

  test('an answer without an end', async () => {
    expect((await befalls('flood')).outcome).toMatchObject({
      kind: 'garbled',
      sentence: 'The worker was killed as it answered a line of more than 67108864 bytes.',
    })
  })

  test('an answer of another kind', async () => {
    const { worker } = start()
    expect(await worker.ask({ ask: 'say' }, v.object({ said: v.number() }), ample)).toEqual({
      kind: 'garbled',
      sentence: `The worker was killed as it answered 'say' with a wrong 'said': Invalid type: Expected number but received "1".`,
    })
  })

  test('one that reads no more', async () => {
    const { worker } = start()
    void worker.ask({ ask: 'deaf' }, Said, ample)
    expect(await worker.ask({ ask: 'say' }, Said, 300)).toMatchObject({ kind: 'endless', seconds: 0.3 })
  })

  test('a program that is not there', async () => {
    const { worker, say } = start({ command: ['nosuch-worker'] })
    expect(await say()).toMatchObject({ kind: 'not-started' })
    expect((await worker.ended).sentence).toContain('nosuch-worker')
    expect(await worker.stop()).toBe('by itself')
  })

  test('an end that it was told to, by a call or a signal', async () => {
    const { worker, say } = start()
    await say()
    const asked = worker.ask({ ask: 'never' }, Said, ample)
    expect(await worker.stop()).toBe('term')
    expect(await asked).toEqual({ kind: 'stopped', sentence: 'The worker was told to stop.' })
    const stop = new AbortController()
    const other = start({ signal: stop.signal })
    await other.say()
    const late = other.worker.ask({ ask: 'never' }, Said, ample)
    stop.abort()
    expect(await late).toMatchObject({ kind: 'stopped' })
    expect(await start({ signal: stop.signal }).say()).toMatchObject({ kind: 'stopped' })
  })
})

test('it ends with the process that started it', async () => {
  const module = JSON.stringify(join(import.meta.dir, '../../../../tasks/gpu/worker/worker-process.ts'))
  const starter = `
    import { startWorker } from ${module}
    const env = { PATH: process.env.PATH }
    const worker = startWorker({ name: 'x', command: ['bash', '-c', 'while :; do :; done'], cwd: '/', env, log() {} })
    console.log(worker.pid)
    setInterval(() => {}, 1000)`
  const victim = Bun.spawn([process.execPath, '-e', starter], { stdout: 'pipe' })
  const { value } = await victim.stdout.getReader().read()
  const pid = Number(new TextDecoder().decode(value))
  expect(runs(pid)).toBe(true)
  victim.kill('SIGKILL')
  const deadline = performance.now() + 5000
  while (runs(pid) && performance.now() < deadline) await Bun.sleep(5)
  expect(runs(pid)).toBe(false)
})
