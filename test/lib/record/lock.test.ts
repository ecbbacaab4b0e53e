import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootId, standingOf, startOf, thisProcess } from '../../../lib/record/holder.ts'
import { aloneWith, lockFile, whenAlone } from '../../../lib/record/lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'assay-lock-'))
const children: Bun.Subprocess[] = []
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(children.map((child) => child.exited))
  rmSync(folder, { recursive: true, force: true })
})

const me = { run: 'mine', since: '2026-11-21T07:16:02.000Z', ...thisProcess() }
let count = 0
const fresh = (text = '') => {
  const path = join(folder, `${count++}.lock`)
  writeFileSync(path, text)
  return path
}

function kept(words: readonly string[]) {
  const child = Bun.spawn([...words], { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' })
  children.push(child)
  return child
}

async function firstWord(child: Bun.Subprocess<'ignore', 'pipe', 'inherit'>): Promise<string> {
  const { value } = await child.stdout.getReader().read()
  return new TextDecoder().decode(value).trim()
}

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = kept(['true'])
  await child.exited
  return child.pid
}

describe('a lock file', () => {
  test('names its holder while it is held, and nobody once it is released', () => {
    const path = fresh()
    const lock = lockFile(path, me)
    expect([lock.kind, JSON.parse(readFileSync(path, 'utf8'))]).toEqual(['held', me])
    expect(lockFile(path, { ...me, run: 'other' })).toEqual({ kind: 'busy', holder: me })
    if (lock.kind === 'held') lock.release()
    expect(readFileSync(path, 'utf8')).toBe('')
    expect(lockFile(path, me)).not.toHaveProperty('tookOver')
  })

  test('is not held by what its holder left behind', async () => {
    const path = fresh()
    const script = `
      const { lockFile } = await import('${join(import.meta.dir, '../../../lib/record/lock.ts')}')
      const { thisProcess } = await import('${join(import.meta.dir, '../../../lib/record/holder.ts')}')
      const lock = lockFile('${path}', { run: 'first', since: 's', ...thisProcess() })
      const orphan = Bun.spawn(['sleep', '600'], { detached: true, stdio: ['ignore', 'ignore', 'ignore'] })
      console.log(lock.kind, orphan.pid)
      setInterval(() => {}, 1000)`
    const holder = kept([process.execPath, '-e', script])
    const [kind, orphan] = (await firstWord(holder)).split(' ')
    expect([kind, lockFile(path, me).kind]).toEqual(['held', 'busy'])
    holder.kill('SIGKILL')
    await holder.exited
    const lock = lockFile(path, me)
    expect(startOf(Number(orphan))).toBeString()
    process.kill(Number(orphan), 'SIGKILL')
    expect(lock).toMatchObject({ kind: 'held', tookOver: { run: 'first', pid: holder.pid } })
  })
})

test.skipIf(Bun.which('python3') === null)(
  'a lock that only a fork of the dead holder still has is waited for',
  async () => {
    const path = fresh()
    const fork = `import fcntl, os, sys, time
file = open(sys.argv[1], 'r+')
fcntl.flock(file, fcntl.LOCK_EX)
parent = os.getpid()
if os.fork() == 0:
  while os.getppid() == parent: time.sleep(.01)
  time.sleep(.2)
else:
  print(os.getpid(), flush=True)
  time.sleep(600)`
    const holder = kept(['python3', '-c', fork, path])
    const pid = Number(await firstWord(holder))
    writeFileSync(path, JSON.stringify({ ...me, run: 'first', pid, started: startOf(pid) }))
    expect(lockFile(path, me).kind).toBe('busy')
    holder.kill('SIGKILL')
    await holder.exited
    expect(lockFile(path, me)).toMatchObject({ kind: 'held', tookOver: { run: 'first', pid } })
  },
)

describe('what an earlier holder left in the file', () => {
  const elsewhere = { ...me, host: 'node-7', boot: 'its own' }
  const { boot: _, started: __, ...older } = me

  test('is taken over when its process is gone', async () => {
    const dead = { ...me, pid: await deadPid() }
    for (const holder of [dead, { ...me, boot: 'an earlier one' }, { ...me, started: '1' }])
      expect(lockFile(fresh(JSON.stringify(holder)), me)).toMatchObject({ kind: 'held', tookOver: holder })
  })

  test('is taken over when the process was in another container of this machine, whose kernel holds no lock', () => {
    const holder = { ...me, host: 'container-3' }
    expect(lockFile(fresh(JSON.stringify(holder)), me)).toMatchObject({ kind: 'held', tookOver: holder })
  })

  test('is obeyed when it is of a machine that shares the folder but not its locks, until the file is deleted', () => {
    const path = fresh(JSON.stringify(elsewhere))
    for (let time = 0; time < 2; time++)
      expect(lockFile(path, me)).toEqual({ kind: 'busy', holder: elsewhere, file: path })
    rmSync(path)
    expect(lockFile(path, me)).not.toHaveProperty('tookOver')
  })

  test('is obeyed when its process runs here, on a file system that did not keep its lock', () => {
    expect(lockFile(fresh(JSON.stringify(me)), me)).toEqual({ kind: 'busy', holder: me })
  })

  test.each([
    ['', 'nothing'],
    ['{"run":"r', 'a torn line'],
    [JSON.stringify(older), 'of an older Assay'],
  ])('means nothing when it is %p: %s', (text) => {
    const lock = lockFile(fresh(text), me)
    expect(lock.kind).toBe('held')
    expect(lock).not.toHaveProperty('tookOver')
  })
})

describe('where a process stands', () => {
  test('is told by host, boot, number and start', async () => {
    const pid = await deadPid()
    expect([
      standingOf(me),
      standingOf({ ...me, pid }),
      standingOf({ ...me, started: '1' }),
      standingOf({ ...me, boot: 'another' }),
      standingOf({ ...me, host: 'node-7' }),
      standingOf({ pid: process.pid, host: hostname() }),
    ]).toEqual(['alive', 'gone', 'gone', 'gone', 'elsewhere', 'gone'])
  })

  test.skipIf(Bun.which('python3') === null || process.platform !== 'linux')(
    'a process that has ended and was not yet reaped has no start',
    async () => {
      const parent = kept([
        'python3',
        '-c',
        `import os, time
pid = os.fork()
if pid == 0: os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print(pid, flush=True)
time.sleep(600)`,
      ])
      const pid = Number(await firstWord(parent))
      expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ')
      expect(startOf(pid)).toBeUndefined()
    },
  )

  test('this machine tells its starts apart', () => expect(bootId()).not.toBe(''))
})

describe('a file that one has alone', () => {
  test('is not waited for any longer than was said', () => {
    const path = fresh()
    const word = aloneWith(path, 'a', 1, (fd) => {
      expect(() => aloneWith(path, 'a', 0.02, () => 'both')).toThrow(`another process has had ${path} for 0.02 s`)
      writeFileSync(fd, 'a line')
      return 'one'
    })
    expect([word, aloneWith(path, 'a', 0.02, () => readFileSync(path, 'utf8'))]).toEqual(['one', 'a line'])
  })

  test('is free again when the work throws', () => {
    const path = fresh()
    const throws = () => {
      throw new Error('wrong')
    }
    expect(() => aloneWith(path, 'w', 1, throws)).toThrow('wrong')
    expect(aloneWith(path, 'w', 0.02, () => 'free')).toBe('free')
  })
})

describe('work that one does alone', () => {
  const never = new AbortController().signal

  test('is done by one after the other, who is told once that he waits', async () => {
    const path = fresh()
    const notes: string[] = []
    const work = (name: string) =>
      whenAlone(
        path,
        never,
        () => void notes.push(`${name} waits`),
        async () => {
          notes.push(`${name} begins`)
          await Bun.sleep(250)
          notes.push(`${name} ends`)
          return name
        },
      )
    expect(await Promise.all([work('one'), work('two')])).toEqual(['one', 'two'])
    expect(notes).toEqual(['one begins', 'two waits', 'one ends', 'two begins', 'two ends'])
  })

  test('is free when who had it throws, is killed, or the file is removed meanwhile', async () => {
    const path = fresh()
    const take = (word: string) =>
      whenAlone(
        path,
        never,
        () => {},
        () => Promise.resolve(word),
      )
    const throws = () => Promise.reject(new Error('wrong'))
    expect(await whenAlone(path, never, () => {}, throws).catch(String)).toBe('Error: wrong')
    const script = `
      const { whenAlone } = await import('${join(import.meta.dir, '../../../lib/record/lock.ts')}')
      await whenAlone('${path}', new AbortController().signal, () => {}, async () => {
        console.log('held')
        await Bun.sleep(600_000)
      })`
    const holder = kept([process.execPath, '-e', script])
    expect(await firstWord(holder)).toBe('held')
    const [waits, waiting] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const next = whenAlone(path, never, waits.resolve, () => Promise.resolve('free'))
    await waits.promise
    holder.kill('SIGKILL')
    expect(await next).toBe('free')
    const first = whenAlone(
      path,
      never,
      () => {},
      () => waiting.promise,
    )
    rmSync(path)
    expect(await take('its own')).toBe('its own')
    waiting.resolve()
    await first
  })

  test('is waited for until the signal is aborted', async () => {
    const path = fresh()
    const controller = new AbortController()
    const held = Promise.withResolvers<void>()
    const first = whenAlone(
      path,
      never,
      () => {},
      () => held.promise,
    )
    const second = whenAlone(
      path,
      controller.signal,
      () => controller.abort(new Error('told to stop')),
      () => Promise.resolve(),
    )
    expect(await second.catch(String)).toBe('Error: told to stop')
    held.resolve()
    await first
  })
})
