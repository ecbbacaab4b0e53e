import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newestRun, passing, planText, removeRepositories, repository, sentenceOf } from './helpers.ts'

setDefaultTimeout(120_000)

const elsewhere = mkdtempSync(join(tmpdir(), 'assay-elsewhere-'))
afterAll(() => {
  removeRepositories()
  rmSync(elsewhere, { recursive: true, force: true })
})

/** A folder of somebody's with an old file in it. */
function theirs(name: string): string {
  const folder = join(elsewhere, name)
  mkdirSync(join(folder, 'old'), { recursive: true })
  writeFileSync(join(folder, 'old', 'file'), 'theirs')
  for (const path of [join(folder, 'old', 'file'), join(folder, 'old'), folder]) utimesSync(path, 1e9, 1e9)
  return folder
}

const kept = (folder: string) => existsSync(join(folder, 'old', 'file'))
const plans = { first: planText('first', passing) }
const oldRun = 'runs/first/20200101-000000-aaaa'

describe('a name on the command line', () => {
  const project = repository(plans)

  test.each([
    [['plan', '../first'], "'NAME' must be a plan"],
    [['plan', '/etc/passwd'], "'NAME' must be a plan"],
    [['plan', '--new', '../x'], "'--new' must be lower-case words"],
    [['plan', '--new', 'a/../../x'], "'--new' must be lower-case words"],
    [['report', '../../x'], "'RUN' must be a folder with a journal.jsonl"],
    [['report', '/etc'], "'RUN' must be a folder with a journal.jsonl"],
    [['plan', 'first', '--run', '../../../etc'], "'RUN' must be a folder with a journal.jsonl"],
    [['task', '../../lib/cli/main'], "'NAME' must be a task"],
    [['task', 'stage1', '--dataset', '../x'], "'dataset' must be letters, digits, dots, dashes and underscores"],
    [['task', 'stage1', '--dataset', '/x'], "'dataset' must be letters"],
    [['task', 'stage1', '--output-prefix', '/x/'], "'outputPrefix' must be empty or ending in '/'"],
    [['task', 'stage2', '--manifest-bucket', '../x'], "'manifestBucket' must be a bucket name"],
  ])('%j is refused with a sentence', async (words, rule) => {
    const ran = await project.run(words)
    expect(ran.exit).toBe(2)
    expect(sentenceOf(ran)).toContain(rule)
    expect(readdirSync(project.dir).sort()).toEqual(expect.arrayContaining(['node_modules', 'plans']))
    expect(readdirSync(join(project.dir, 'plans'))).toEqual(['first.ts'])
  })

  test('an id in a variable is refused as one in a flag is', async () => {
    const ran = await project.run(['task', 'stage1'], { env: { DATASET_ID: '../../x' } })
    expect([ran.exit, sentenceOf(ran)]).toEqual([2, expect.stringContaining("'dataset' must be letters")])
  })
})

describe('a journal that names another place', () => {
  test.each(['../../../elsewhere', '/tmp/elsewhere', '..', 'a\\u0000b'])(
    'as its run %s is not gone on with',
    async (run) => {
      const project = repository({
        first: planText('first', passing.replace('() => 42', '() => { throw new Error() }')),
      })
      await project.run(['plan', 'first'])
      const folder = await newestRun(project, 'first')
      const journal = project.read(`${folder}/journal.jsonl`)
      project.file(`${folder}/journal.jsonl`, journal.replace(/"run":"[^"]+"/, `"run":"${run}"`))
      const ran = await project.run(['plan', 'first', '--resume'])
      expect(ran.exit).toBe(2)
      expect(sentenceOf(ran)).toMatch(/^Cannot (find a place in .+|resume) as 'run' must be /)
      expect(existsSync(join(project.dir, '..', 'elsewhere'))).toBe(false)
    },
  )
})

describe('a link on the way', () => {
  test('to where a plan keeps its runs is not written through', async () => {
    const project = repository(plans)
    const folder = theirs('plan')
    mkdirSync(join(project.dir, 'runs'))
    symlinkSync(folder, join(project.dir, 'runs/first'))
    const ran = await project.run(['plan', 'first'])
    expect([ran.exit, sentenceOf(ran)]).toEqual([2, expect.stringContaining('must be reached without a symbolic link')])
    expect(readdirSync(folder)).toEqual(['old'])
  })

  test('to a run is resumed neither by its name nor by its path, and may be reported', async () => {
    const project = repository(plans)
    await project.run(['plan', 'first'])
    const run = await newestRun(project, 'first')
    symlinkSync(join(project.dir, run), join(project.dir, 'runs/first/latest'))
    expect(await project.run(['report', 'runs/first/latest'])).toMatchObject({ exit: 0 })
    const foreign = repository(plans)
    await foreign.run(['plan', 'first'])
    symlinkSync(join(project.dir, run), join(foreign.dir, 'runs/first/foreign'))
    for (const name of ['foreign', 'runs/first/foreign', join(project.dir, run)]) {
      const ran = await foreign.run(['plan', 'first', '--run', name])
      expect([ran.exit, sentenceOf(ran)]).toEqual([2, expect.stringContaining('must be')])
    }
  })

  test('is never what gc follows', async () => {
    const project = repository(plans)
    await project.run(['plan', 'first'])
    const [asPlan, asRun, inRun, inCache] = [
      theirs('gc-plan'),
      theirs('gc-run'),
      theirs('gc-in-run'),
      theirs('gc-cache'),
    ]
    mkdirSync(join(project.dir, oldRun))
    symlinkSync(asPlan, join(project.dir, 'runs/linked'))
    symlinkSync(asRun, join(project.dir, 'runs/first/20200101-000001-aaaa'))
    symlinkSync(inRun, join(project.dir, oldRun, 'steps'))
    mkdirSync(join(project.dir, '.assay'), { recursive: true })
    symlinkSync(inCache, join(project.dir, '.assay/old-link'))
    const ran = await project.run(['gc', '--keep', '0d'])
    expect(ran.exit).toBe(0)
    expect(ran.out).toContain('removed runs/first/20200101-000000-aaaa')
    expect(existsSync(join(project.dir, oldRun))).toBe(false)
    for (const folder of [asPlan, asRun, inRun, inCache]) expect(kept(folder)).toBe(true)
    expect(await project.run(['gc', '--keep', '1'])).toMatchObject({ exit: 0 })
    for (const folder of [asPlan, asRun, inRun, inCache]) expect(kept(folder)).toBe(true)
  })

  test('in place of runs/ or .assay/ makes gc leave it alone, and say so', async () => {
    const project = repository(plans)
    const [runs, cache] = [theirs('all-runs'), theirs('all-cache')]
    for (const run of ['20200101-000000-aaaa', '20200102-000000-aaaa']) mkdirSync(join(runs, 'old', run))
    symlinkSync(runs, join(project.dir, 'runs'))
    symlinkSync(cache, join(project.dir, '.assay'))
    const ran = await project.run(['gc', '--keep', '0d'])
    expect(ran.exit).toBe(0)
    expect(ran.out).toContain('left runs alone: it is a symbolic link')
    expect(ran.out).toContain('left .assay alone: it is a symbolic link')
    expect(kept(runs) && kept(cache) && existsSync(join(runs, 'old/20200101-000000-aaaa'))).toBe(true)
  })

  test('that lies where a view is about to be written is replaced, and what it leads to stays', async () => {
    const project = repository(plans)
    await project.run(['plan', 'first'])
    const run = await newestRun(project, 'first')
    const folder = theirs('view')
    rmSync(join(project.dir, run, 'results.csv'))
    symlinkSync(join(folder, 'old/file'), join(project.dir, run, 'results.csv'))
    expect(await project.run(['plan', 'first', '--resume'])).toMatchObject({ exit: 0 })
    project.file('plans/first.ts', planText('first', passing.replaceAll('42', '43')))
    expect(await project.run(['plan', 'first', '--resume'])).toMatchObject({ exit: 0 })
    expect(lstatSync(join(project.dir, run, 'results.csv')).isSymbolicLink()).toBe(false)
    expect(await Bun.file(join(folder, 'old/file')).text()).toBe('theirs')
  })
})
