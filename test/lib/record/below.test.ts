import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import fc from 'fast-check'
import { Problem } from '../../../lib/plan/problem.ts'
import { below } from '../../../lib/record/below.ts'
import { fileStore } from '../../../lib/record/files.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'assay-below-')))
const root = join(folder, 'root')
const outside = join(folder, 'outside')
for (const path of [join(root, 'real'), outside]) mkdirSync(path, { recursive: true })
writeFileSync(join(outside, 'theirs'), 'theirs')
symlinkSync(outside, join(root, 'link'))
symlinkSync(join(outside, 'theirs'), join(root, 'real', 'file-link'))
symlinkSync(join(folder, 'nowhere'), join(root, 'dangling'))
symlinkSync('..', join(root, 'up'))
symlinkSync(root, join(folder, 'root-link'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function sentence(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof Problem) return error.message
    throw error
  }
  return 'nothing was thrown'
}

describe('a name from outside', () => {
  test.each([
    ['..', 'a name that stays in the folder'],
    ['.', 'a name that stays in the folder'],
    ['', 'a name that stays in the folder'],
    ['../../x', 'without a slash or a NUL'],
    ['/etc/passwd', 'without a slash or a NUL'],
    ['a/b', 'without a slash or a NUL'],
    ['a\0b', 'without a slash or a NUL'],
    ['x'.repeat(256), 'at most 255 bytes'],
    ['é'.repeat(128), 'at most 255 bytes'],
    ['link', 'without a symbolic link'],
    ['dangling', 'without a symbolic link'],
    ['up', 'without a symbolic link'],
  ])('%j is refused with a sentence', (name, rule) => {
    expect(sentence(() => below(root, [name], 'run'))).toMatch(
      /^Cannot find a place in .+ as 'run' must be .+: current value is .+/s,
    )
    expect(sentence(() => below(root, [name], 'run'))).toContain(rule)
    expect(sentence(() => below(root, ['real', name, 'x'], 'run'))).not.toMatch(
      ['link', 'dangling', 'up'].includes(name) ? /^Cannot/ : /^nothing/,
    )
  })

  test('behind a link on the way is refused too', () => {
    expect(sentence(() => below(root, ['real', 'file-link'], 'file'))).toContain('without a symbolic link')
    expect(sentence(() => below(root, ['link', 'theirs'], 'file'))).toContain('without a symbolic link')
  })

  test('in a sentence cannot speak to the terminal', () => {
    expect(sentence(() => below(root, ['\x1b[2J/x\0'], 'run'))).toContain('\\x1b[2J/x\\x00')
  })

  test('a root that a person chose may itself be a link', () => {
    expect(below(join(folder, 'root-link'), ['real'], 'run')).toBe(join(folder, 'root-link', 'real'))
  })

  const piece = fc.oneof(
    fc.constantFrom(
      '..',
      '.',
      '',
      '/',
      '\0',
      'link',
      'up',
      'dangling',
      'real',
      'file-link',
      'a',
      '~',
      '-rf',
      'C:',
      '\\',
      '%2e%2e',
      '…',
      'x'.repeat(255),
      '\n',
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
  )

  test('of any letters never leads outside of the root', () => {
    let accepted = 0
    let refused = 0
    fc.assert(
      fc.property(
        fc.array(fc.array(piece, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        (parts) => {
          const names = parts.map((pieces) => pieces.join(''))
          let path = ''
          try {
            path = below(root, names, 'name')
          } catch (error) {
            refused++
            expect(error).toBeInstanceOf(Problem)
            return
          }
          accepted++
          let there = path
          for (;;) {
            try {
              there = realpathSync(there)
              break
            } catch {
              there = dirname(there) // the part of it that is there
            }
          }
          expect(`${there}${sep}`.startsWith(`${root}${sep}`)).toBe(true)
        },
      ),
      { numRuns: 2000 },
    )
    expect(Math.min(accepted, refused)).toBeGreaterThan(100)
  })
})

describe('a store of runs', () => {
  const store = fileStore(join(root, 'runs'))
  const holder = { run: 'r', pid: 1, host: 'h', since: '' }
  const ways: Readonly<Record<string, (name: string) => unknown>> = {
    'create a run': (name) => store.create('plan', name),
    'create one of a plan': (name) => store.create(name, 'run'),
    'open one': (name) => store.open('plan', name),
    'read one': (name) => store.read('plan', name),
    'find one': (name) => store.pathOf(name, 'run'),
    'list those of a plan': (name) => store.runs(name),
    'lock a plan': (name) => store.lock(name, holder),
  }

  test.each(Object.keys(ways))('does not %s under a name that leads out of it', (way) => {
    for (const name of ['../../outside', '..', '/tmp', 'a\0', 'x'.repeat(300)])
      expect(sentence(() => ways[way]?.(name))).toMatch(/^Cannot find a place in /)
  })

  test('does not write through a link that lies where a plan, a run or a file of one should', () => {
    mkdirSync(join(root, 'runs', 'plan'), { recursive: true })
    symlinkSync(outside, join(root, 'runs', 'linked'))
    symlinkSync(outside, join(root, 'runs', 'plan', 'linked'))
    expect(store.plans()).toEqual(['plan'])
    expect(store.runs('plan')).toEqual([])
    expect(sentence(() => store.create('linked', 'run'))).toContain('symbolic link')
    expect(sentence(() => store.open('plan', 'linked'))).toContain('symbolic link')
    const run = store.create('plan', 'run')
    for (const name of ['services', 'steps', 'view.txt', 'log.txt']) symlinkSync(outside, join(run.path, name))
    expect(sentence(() => run.folder('steps/01'))).toContain('symbolic link')
    expect(sentence(() => run.remove('services'))).toContain('symbolic link')
    expect(sentence(() => run.write('view.txt', 'x'))).toContain('symbolic link')
    expect(sentence(() => run.write('../x', 'x'))).toContain('stays in the folder')
    run.log('log.txt', 'x')
    expect(sentence(() => run.close())).toContain('Cannot record the run')
    expect(Array.from(new Bun.Glob('**').scanSync({ cwd: outside }))).toEqual(['theirs'])
  })
})
