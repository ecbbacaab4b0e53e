import { describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Problem } from '../../../lib/plan/problem.ts'
import { type Disk, disk } from '../../../lib/record/disk.ts'
import { fileStore, writeWhole } from '../../../lib/record/files.ts'
import { storeSuite } from './store-suite.ts'

describe('runs as folders', () => storeSuite(fileStore))

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-files-'))

  test('a file is replaced whole and leaves nothing beside it', () => {
    const path = join(folder, 'a', 'results.csv')
    writeWhole(path, 'first, long')
    writeWhole(path, 'second')
    expect(readFileSync(path, 'utf8')).toBe('second')
    expect(readdirSync(join(folder, 'a'))).toEqual(['results.csv'])
  })

  test('a file that cannot be written leaves nothing', () => {
    mkdirSync(join(folder, 'b', 'taken'), { recursive: true })
    expect(() => writeWhole(join(folder, 'b', 'taken'), 'x')).toThrow()
    expect(readdirSync(join(folder, 'b'))).toEqual(['taken'])
  })

  test('what is logged is in its file once the run is closed, in order, however much it is', () => {
    const run = fileStore(join(folder, 'logged')).create('plan', 'run')
    const lines = Array.from({ length: 3000 }, (_, i) => `line ${i} ${'x'.repeat(50)}\n`)
    for (const [index, line] of lines.entries()) run.log(`logs/${index % 2}.log`, line)
    run.close()
    const read = (name: string) => readFileSync(join(run.path, 'logs', name), 'utf8')
    expect(read('0.log')).toBe(lines.filter((_, i) => i % 2 === 0).join(''))
    expect(read('1.log')).toBe(lines.filter((_, i) => i % 2 === 1).join(''))
  })

  test('the last line of a journal is found whole, whatever its length', () => {
    const store = fileStore(join(folder, 'last'))
    for (const length of [1, 1022, 1023, 1024, 1025, 5000]) {
      const run = store.create('plan', `run-${length}`)
      const last = 'x'.repeat(length)
      run.append(`${last}\n`)
      expect(store.lastLine('plan', `run-${length}`)).toBe(last)
      run.append(`y${last}\nto`)
      expect(store.lastLine('plan', `run-${length}`)).toBe(`y${last}`)
      run.append('rn'.repeat(length))
      expect(store.lastLine('plan', `run-${length}`)).toBe(`y${last}`)
      run.close()
    }
  })

  test('a run goes on as long as a process has its journal', () => {
    const store = fileStore(join(folder, 'going'))
    expect(store.goesOn('plan', 'run')).toBe(false)
    const run = store.create('plan', 'run')
    expect(store.goesOn('plan', 'run')).toBe(true)
    run.close()
    expect(store.goesOn('plan', 'run')).toBe(false)
  })

  test('a path below a run is gone where nothing is, and what lies elsewhere is nobody’s to say', () => {
    const root = join(folder, 'gone')
    const store = fileStore(root)
    const run = store.create('plan', 'run')
    const made = run.write('steps/a/made.txt', 'made')
    run.close()
    const gone = (path: string) => store.isGone('plan', 'run', path)
    const paths = [
      made,
      run.path,
      `${made}.not`,
      '/before/runs/plan/run',
      '/before/plan/run/x',
      '/other/file',
      'plan/run/x',
    ]
    expect(paths.filter(gone)).toEqual([`${made}.not`, '/before/runs/plan/run', '/before/plan/run/x'])
  })

  test('a log that cannot be written is told to whoever logs next', async () => {
    const run = fileStore(join(folder, 'unloggable')).create('plan', 'run')
    writeFileSync(join(run.path, 'logs'), 'a file in the way')
    run.log('logs/a.log', 'one\n')
    const again = () => run.log('logs/a.log', 'two\n')
    let sentence: string | undefined
    for (let turn = 0; sentence === undefined && turn < 1000; turn++) {
      await Bun.sleep(5)
      sentence = sentenceOf(again)
    }
    expect(sentence).toStartWith('Cannot record the run as')
    run.close()
  })

  test('a journal that was torn at any byte of its last line, or holds NULs there, goes on behind the line before', () => {
    const store = fileStore(join(folder, 'torn'))
    const run = store.create('plan', 'run')
    const before = '{"event":"whole"}\n'
    const line = Buffer.from('{"event":"tör✓n"}\n')
    run.close()
    const journal = join(run.path, 'journal.jsonl')
    for (let bytes = 0; bytes < line.length; bytes++)
      for (const hole of [0, 1, 5000])
        for (const after of ['', '"}\n', '"}\n{"event":"behind a hole"}\n'])
          if (hole > 0 || after === '') {
            writeFileSync(journal, Buffer.concat([Buffer.from(before), line.subarray(0, bytes), Buffer.alloc(hole)]))
            appendFileSync(journal, after)
            const again = store.open('plan', 'run')
            again.append('{"x":1}\n')
            again.close()
            expect(readFileSync(journal, 'utf8')).toBe(`${before}{"x":1}\n`)
          }
  })

  test('a journal that another process writes is refused in a sentence, and free once that is dead', async () => {
    const root = join(folder, 'written')
    const writing = `
      import { fileStore } from ${JSON.stringify(join(import.meta.dir, '../../../lib/record/files.ts'))}
      const run = fileStore(${JSON.stringify(root)}).create('plan', 'run')
      run.append('one\\nhalf of')
      console.log('written')
      setInterval(() => {}, 1000)`
    const child = Bun.spawn([process.execPath, '-e', writing], { stdout: 'pipe' })
    await child.stdout.getReader().read()
    const store = fileStore(root)
    expect(sentenceOf(() => store.open('plan', 'run').close())).toMatch(
      /^Cannot record the run as '.*\/journal\.jsonl' must be written by one process: current value is another one has it/,
    )
    expect(store.read('plan', 'run')).toBe('one\nhalf of')
    child.kill('SIGKILL')
    await child.exited
    const run = store.open('plan', 'run')
    expect(sentenceOf(() => store.open('plan', 'run').close())).toContain('another one has it')
    run.close()
    expect(store.read('plan', 'run')).toBe('one\n')
  })

  test.each([
    ['ENOSPC', 'Free some disk; what was recorded is kept'],
    ['EDQUOT', 'Free some of your quota; what was recorded is kept'],
    ['EFBIG', 'Allow larger files (ulimit -f); what was recorded is kept'],
    ['EROFS', 'Mount it writable, or work in a checkout that is'],
    ['EIO', 'current value is EIO'],
  ])(
    'a disk that says %s in the middle of a line is told in a sentence, and the lines before it stay',
    (code, words) => {
      const refusal = Object.assign(new Error(code), { code })
      let room = 10
      const small: Disk = {
        ...disk,
        write(fd, bytes, at) {
          const taken = Math.min(bytes.length, room)
          if (taken === 0) throw refusal
          room -= taken
          return disk.write(fd, bytes.subarray(0, taken), at)
        },
      }
      const store = fileStore(join(folder, `small-${code}`), small)
      const run = store.create('plan', 'run')
      run.append('whole\n')
      const sentence = sentenceOf(() => run.append('too long\n'))
      expect(sentence).toStartWith('Cannot record the run as')
      expect(sentence).toContain(words)
      expect(store.read('plan', 'run')).toBe('whole\n')
      room = 100
      run.append('fits\n')
      expect(store.read('plan', 'run')).toBe('whole\nfits\n')
      run.close()
    },
  )

  test('a disk that can not sync is told in a sentence', async () => {
    const sync = () => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }))
    const run = fileStore(join(folder, 'unsynced'), { ...disk, sync }).create('plan', 'run')
    run.append('whole\n')
    expect(run.sync()).rejects.toThrow(/^Cannot record the run as .*EIO: i\/o error/)
    run.close()
  })

  test('a place that is a file is refused in a sentence', () => {
    const root = join(folder, 'file')
    writeFileSync(root, '')
    expect(() => fileStore(root).create('plan', 'run')).toThrow(Problem)
    expect(() => fileStore(root).create('plan', 'run')).toThrow(/^Cannot record the run as '.*' must be a folder/)
  })

  test('the lock of a process that was killed is free', async () => {
    const root = join(folder, 'runs')
    const taking = `
      import { fileStore } from ${JSON.stringify(join(import.meta.dir, '../../../lib/record/files.ts'))}
      const lock = fileStore(${JSON.stringify(root)}).lock('plan', { run: 'r', pid: process.pid, host: 'h', since: 's' })
      console.log(lock.kind)
      setInterval(() => {}, 1000)`
    const child = Bun.spawn([process.execPath, '-e', taking], { stdout: 'pipe' })
    const { value } = await child.stdout.getReader().read()
    expect(new TextDecoder().decode(value)).toBe('held\n')
    const holder = { run: 'mine', pid: process.pid, host: 'h', since: 's' }
    expect(fileStore(root).lock('plan', holder)).toMatchObject({ kind: 'busy', holder: { run: 'r', pid: child.pid } })
    child.kill('SIGKILL')
    await child.exited
    expect(fileStore(root).lock('plan', holder).kind).toBe('held')
  })

  test.skipIf(process.platform !== 'linux' || !canMount())(
    'a full disk refuses the line in a sentence and keeps those before it whole',
    () => {
      const small = join(folder, 'small')
      mkdirSync(small)
      Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small])
      try {
        const store = fileStore(small)
        const run = store.create('plan', 'run')
        const line = `${'x'.repeat(5000)}\n`
        let lines = 0
        const fill = () => {
          for (; lines < 1000; lines++) run.append(line)
        }
        expect(fill).toThrow(/^Cannot record the run as .*ENOSPC.*Free some disk; what was recorded is kept/)
        expect(store.read('plan', 'run')).toBe(line.repeat(lines))
        run.close()
      } finally {
        Bun.spawnSync(['umount', small])
      }
    },
  )

  test('cleans up after itself', () => {
    rmSync(folder, { recursive: true })
    expect(existsSync(folder)).toBe(false)
  })
})

function sentenceOf(act: () => void): string | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return String(error).replace(/^Problem: /, '')
  }
}

/** Only root may mount; elsewhere the test is skipped for that reason. */
function canMount(): boolean {
  const able = process.getuid?.() === 0 && Bun.which('mount') !== null
  if (!able) console.warn('skipped: a full disk needs a file system of its own, which only root can mount')
  return able
}
