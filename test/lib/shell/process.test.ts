import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ProcessOptions, startProcess } from '../../../lib/shell/process.ts'
import { runs } from './runs.ts'

// A busy machine takes its time to start a program.
setDefaultTimeout(120_000)

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-process-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const env = { PATH: process.env.PATH }
const start = (command: string | readonly string[], options: Partial<ProcessOptions> = {}) =>
  startProcess(command, { cwd: folder, env, grace: 5000, ...options })

/** Starts it and resolves once it has printed `ready`, with the lines before that. */
async function startReady(command: string, options: Partial<ProcessOptions> = {}) {
  const lines: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const running = start(command, { ...options, onLine: (line) => (line === 'ready' ? resolve() : lines.push(line)) })
  await promise
  return { running, lines }
}

describe('how it ended', () => {
  test.each([
    ['true', { kind: 'exited', code: 0 }],
    ['exit 3', { kind: 'exited', code: 3 }],
    ['kill -KILL $$', { kind: 'signalled', signal: 'SIGKILL' }],
    // A script of the user's that lacks a command, or exits 127 itself, did start.
    ['exit 127', { kind: 'exited', code: 127 }],
    ["bash -c 'nosuch-program'", { kind: 'exited', code: 127 }],
    ["echo 'x: command not found' >&2; exit 127", { kind: 'exited', code: 127 }],
    [['bash', '-c', 'exit 4'], { kind: 'exited', code: 4 }],
    [['bash', '-c', 'echo "$1"; test "$1" = "a b"', 'x', 'a b'], { kind: 'exited', code: 0 }],
  ] as const)('%p ends as %p', async (command, ended) => {
    expect(await start(command).done).toEqual(ended)
  })

  test.each([
    ['nosuch-program --x', 'nosuch-program'],
    ['exec nosuch-program', 'nosuch-program'],
    ['FOO=1 ./nowhere/stage.sh', './nowhere/stage.sh'],
    ['./not-executable', './not-executable'],
    ['./no-interpreter', 'no-interpreter'],
    [['nosuch-program', '--x'], 'nosuch-program --x'],
    [['./not-executable'], './not-executable'],
  ])('%p is not started, and the sentence names it', async (command, named) => {
    writeFileSync(join(folder, 'not-executable'), '#!/bin/sh\nexit 0\n')
    writeFileSync(join(folder, 'no-interpreter'), '#!/nowhere/python\n')
    chmodSync(join(folder, 'no-interpreter'), 0o755)
    const ended = await start(command).done
    if (ended.kind !== 'not-started') throw new Error(`it ${JSON.stringify(ended)}`)
    expect(ended.sentence).toStartWith("Cannot start a program as 'command' must be one that exists and can be run")
    expect(ended.sentence).toContain(named)
  })

  test('a folder that is not there is said to be it', async () => {
    const ended = await start('true', { cwd: join(folder, 'nowhere') }).done
    expect(ended).toEqual({
      kind: 'not-started',
      sentence: `Cannot start a program as 'cwd' must be a folder: current value is ${join(folder, 'nowhere')}`,
    })
  })

  test('it sees the environment it was given and no other', async () => {
    const running = start('echo "$ONE-$HOME"', { env: { ...env, ONE: '1' } })
    await running.done
    expect(running.lastLines(1)).toEqual(['1-'])
  })
})

describe('its output', () => {
  test('comes line by line with its stream, the last one without a line break too', async () => {
    const lines: string[] = []
    await start('printf "one\\r\\ntwö\\n\\nlast"; printf "err" >&2', {
      onLine: (line, s) => lines.push(`${s} ${line}`),
    }).done
    expect(lines.filter((line) => line.startsWith('stdout'))).toEqual([
      'stdout one',
      'stdout twö',
      'stdout ',
      'stdout last',
    ])
    expect(lines).toContain('stderr err')
  })

  test('can be written by its name, as shell scripts do', async () => {
    const running = start('echo a > /dev/stderr; echo b > /dev/stdout')
    expect(await running.done).toEqual({ kind: 'exited', code: 0 })
    expect([...running.lastLines(2)].sort()).toEqual(['a', 'b'])
  })

  test('a gigabyte without a line break costs neither memory nor disk', async () => {
    const log = join(folder, 'gigabyte.log')
    Bun.gc(true)
    const before = process.memoryUsage.rss()
    const running = start('head -c 1000000000 /dev/zero; echo; echo the end', { log, logLimit: 2 ** 20 })
    expect(await running.done).toEqual({ kind: 'exited', code: 0 })
    // Half of it would still be what collecting garbage leaves for later, where cores are busy and many tests have run before.
    expect(process.memoryUsage.rss() - before).toBeLessThan(500e6)
    expect(running.lastLines(1)).toEqual(['the end'])
    expect(running.lastLines(2)[0]).toEndWith('… (1000000000 bytes)')
    expect(statSync(log).size).toBeLessThan(2 ** 20 + 2 ** 14)
    const text = readFileSync(log, 'utf8')
    expect(text).toContain(`… ${1000000000 + '\nthe end\n'.length - 2 ** 20} bytes left out`)
    expect(text).toEndWith('the end\n')
  })

  test('a line that is drawn over is what it shows in the end, and what it showed before is told', async () => {
    const drawn: string[] = []
    const lines: string[] = []
    const bar = String.raw`printf '1 of 3'; printf '\r2 of 3\r3 o'; printf 'f 3\r'; printf '\nby Windows\r\n\r\rtwice\r\r\n\runended\r'`
    const running = start(bar, { onRedraw: (text) => drawn.push(text), onLine: (line) => lines.push(line) })
    await running.done
    expect(drawn).toEqual(['1 of 3', '2 of 3'])
    expect(lines).toEqual(['3 of 3', 'by Windows', 'twice', 'unended'])
    expect(running.lastLines(9)).toEqual(lines)
  })

  test('many short lines are all seen and only the last ones kept', async () => {
    let seen = 0
    const running = start('seq 1 200000', { onLine: () => seen++ })
    await running.done
    expect(seen).toBe(200000)
    expect(running.lastLines(3)).toEqual(['199998', '199999', '200000'])
  })

  test.skipIf(!existsSync('/dev/full'))('a log that can not be written stops it and says so', async () => {
    const running = start('yes', { log: '/dev/full' })
    expect(running.done).rejects.toThrow("Cannot write a program's output to its log")
    await running.done.catch(() => {})
    expect(runs(running.pid ?? 0)).toBe(false)
  })

  test('what it writes to descriptor 3 comes apart from what it prints, where somebody listens', async () => {
    const chunks: Buffer[] = []
    const running = start('echo "{}" >&3; echo printed; printf torn >&3', {
      onDescriptor3: (bytes) => chunks.push(Buffer.from(bytes)),
    })
    expect(await running.done).toEqual({ kind: 'exited', code: 0 })
    expect(Buffer.concat(chunks).toString()).toBe('{}\ntorn')
    expect(running.lastLines(9)).toEqual(['printed'])
    expect(await start('true >&3').done).toEqual({ kind: 'exited', code: 1 })
  })

  test('a listener that throws stops it', async () => {
    const onDescriptor3 = () => {
      throw new Error('no room')
    }
    const running = start('echo x >&3; sleep 300', { onDescriptor3 })
    await expect(running.done).rejects.toThrow('no room')
    expect(runs(running.pid ?? 0)).toBe(false)
  })

  test('no descriptor is left open', async () => {
    const open = () => readdirSync('/dev/fd').length
    await start('true').done
    const before = open()
    for (let i = 0; i < 20; i++) await start('echo x', { log: join(folder, 'fds.log'), onDescriptor3() {} }).done
    for (let i = 0; i < 20; i++) await start(['nosuch-program']).done
    // Each leak would count twenty; the test runner itself opens and closes a few.
    expect(open() - before).toBeLessThan(15)
  })
})

describe('its input', () => {
  test('is empty unless it is asked for, and nothing can be written then', async () => {
    const running = start('cat; echo "end"')
    expect(await running.write('x')).toBe(false)
    await running.done
    expect(running.lastLines(9)).toEqual(['end'])
    expect(await start(['nosuch-program'], { input: true }).write('x')).toBe(false)
  })

  test('comes line by line, and what it answers can be waited for before the next', async () => {
    let heard = (_: string) => {}
    const running = start('while read -r line; do echo "got $line"; done', {
      input: true,
      onLine: (line) => heard(line),
    })
    for (const line of ['one', 'zwei ü', '']) {
      const answer = new Promise<string>((resolve) => {
        heard = resolve
      })
      expect(await running.write(line)).toBe(true)
      expect(await answer).toBe(`got ${line}`)
    }
    expect(await running.stop()).toBe('term')
    expect(await running.write('late')).toBe(false)
  })

  test('of a child that has gone is refused', async () => {
    const running = start('read -r line; exit 5', { input: true })
    expect(await running.write('go')).toBe(true)
    expect(await running.done).toEqual({ kind: 'exited', code: 5 })
    expect(await running.write('again')).toBe(false)
  })

  test('of a child that closed it is refused while the child goes on', async () => {
    const { running } = await startReady('exec 0<&-; echo ready; sleep 300', { input: true })
    expect(await running.write('x')).toBe(false)
    expect(runs(running.pid ?? 0)).toBe(true)
    await running.stop()
  })

  test('waits for a slow reader', async () => {
    const line = 'x'.repeat(3_000_000)
    const running = start('sleep 0.2; read -r go; wc -c', { input: true })
    expect(await running.write(`go\n${line}`)).toBe(true)
    expect(await running.write('more')).toBe(true)
    await running.stop()
  })

  test('that nobody reads is given up when the child ends', async () => {
    const { running } = await startReady('echo ready; sleep 300', { input: true })
    const writing = running.write('x'.repeat(3_000_000))
    expect(await Promise.race([writing, Bun.sleep(50).then(() => 'waits')])).toBe('waits')
    await running.stop()
    expect(await writing).toBe(false)
  })

  test.skipIf(Bun.which('setsid') === null)('that a daemon holds and does not read is not waited for', async () => {
    const lines: string[] = []
    const running = start('exec 4<&0; setsid sleep 300 <&4 & echo $!', {
      input: true,
      onLine: (line) => lines.push(line),
    })
    const writing = running.write('x'.repeat(3_000_000))
    expect(await running.done).toEqual({ kind: 'exited', code: 0 })
    expect(await writing).toBe(false)
    process.kill(Number(lines[0]), 'SIGKILL')
  })

  test('leaves no descriptor open', async () => {
    const open = () => readdirSync('/dev/fd').length
    const before = open()
    for (let i = 0; i < 20; i++) {
      const running = start('read -r line', { input: true })
      await running.write('x')
      await running.done
    }
    expect(open() - before).toBeLessThan(15)
  })
})

describe('stopping', () => {
  test('is told by SIGTERM and its own exit code is kept', async () => {
    const { running } = await startReady('trap "exit 7" TERM; echo ready; while :; do sleep 0.01; done')
    expect(await running.stop()).toBe('term')
    expect(await running.done).toEqual({ kind: 'exited', code: 7 })
  })

  test('takes force when SIGTERM is ignored, no earlier than the grace', async () => {
    const { running } = await startReady('trap "" TERM; echo ready; while :; do sleep 1; done', { grace: 200 })
    const from = performance.now()
    expect(await running.stop()).toBe('kill')
    expect(performance.now() - from).toBeGreaterThanOrEqual(199)
    expect(await running.done).toEqual({ kind: 'signalled', signal: 'SIGKILL' })
  })

  test('ends children and grandchildren too', async () => {
    const { running, lines } = await startReady(
      "bash -c 'sleep 300 & echo $!; wait' & echo $!; sleep 0.1; echo ready; wait",
    )
    expect(lines.length).toBe(2)
    expect(await running.stop()).toBe('term')
    expect(lines.map(Number).filter(runs)).toEqual([])
  })

  test('a child that ignores SIGTERM while its parent ends is killed', async () => {
    const { running, lines } = await startReady(
      'bash -c \'trap "" TERM; echo $$; echo ready; while :; do sleep 1; done\' & wait',
      { grace: 200 },
    )
    expect(await running.stop()).toBe('kill')
    expect(lines.map(Number).filter(runs)).toEqual([])
  })

  test('what a program leaves running when it ends is ended', async () => {
    const lines: string[] = []
    const running = start('sleep 300 & echo $!', { onLine: (line) => lines.push(line) })
    expect(await running.done).toEqual({ kind: 'exited', code: 0 })
    expect(lines.length).toBe(1)
    expect(lines.map(Number).filter(runs)).toEqual([])
    expect(running.left()).toBe(1)
  })

  test('what goes by itself in a moment, or after it was told to stop, is not left behind', async () => {
    const brief = start('sleep 0.02 &')
    await brief.done
    const { running } = await startReady(
      '(trap "sleep 0.3; exit" TERM; sleep 300 & wait) & trap "exit 0" TERM; echo ready; wait',
    )
    expect(await running.stop()).toBe('term')
    expect([brief.left(), running.left()]).toEqual([0, 0])
  })

  test.skipIf(Bun.which('setsid') === null)('a daemon that holds its output open is not waited for', async () => {
    const lines: string[] = []
    const running = start('setsid sleep 300 & echo $!', { onLine: (line) => lines.push(line) })
    expect(await running.done).toEqual({ kind: 'exited', code: 0 })
    process.kill(Number(lines[0]), 'SIGKILL')
  })

  test('by the signal of its work, given before or after the start', async () => {
    const stop = new AbortController()
    const { running } = await startReady('echo ready; sleep 300', { signal: stop.signal })
    stop.abort()
    expect(await running.done).toEqual({ kind: 'signalled', signal: 'SIGTERM' })
    expect(await start('sleep 300', { signal: stop.signal }).done).toEqual({ kind: 'signalled', signal: 'SIGTERM' })
  })

  test('with the process that started it, however that ends', async () => {
    const module = JSON.stringify(join(import.meta.dir, '../../../lib/shell/process.ts'))
    const starter = `
      import { startProcess } from ${module}
      const options = { cwd: '/', env: process.env, grace: 1000, onLine: (line) => console.log(line) }
      startProcess('sleep 300 & echo $! $$; wait', options)
      setInterval(() => {}, 1000)`
    const victim = Bun.spawn([process.execPath, '-e', starter], { stdout: 'pipe' })
    const { value } = await victim.stdout.getReader().read()
    const pids = new TextDecoder().decode(value).trim().split(' ').map(Number)
    expect(pids.filter(runs)).toHaveLength(2)
    victim.kill('SIGKILL')
    const deadline = performance.now() + 2000
    while (pids.some(runs) && performance.now() < deadline) await Bun.sleep(5)
    expect(pids.filter(runs)).toEqual([])
  })

  test('what has ended is left alone, twice', async () => {
    const running = start('true')
    await running.done
    expect(await running.stop()).toBe('by itself')
    expect(await running.stop()).toBe('by itself')
    expect(await start(['nosuch-program']).stop()).toBe('by itself')
  })
})

describe('what it took', () => {
  test('counts what its children took that were waited for', async () => {
    const work = 'let n = 0; const end = performance.now() + 300; while (performance.now() < end) n++'
    const running = start(`"$BUN" -e '${work}'; head -c 3000000 /dev/zero > written; wait`, {
      env: { ...env, BUN: process.execPath },
    })
    expect(running.usage()).toBeUndefined()
    await running.done
    const { cpuSeconds = 0, written } = running.usage() ?? {}
    expect(cpuSeconds).toBeGreaterThan(0.05)
    const inMemory = statfsSync(folder).type === 0x01021994 // TMPFS_MAGIC, linux/magic.h: nothing of it goes to a disk
    if (process.platform === 'linux' && !inMemory) expect(written).toBeGreaterThanOrEqual(3e6)
  })

  test('is not known of one that could not be started', () => {
    expect(start('./nowhere').usage()).toBeUndefined()
  })
})
