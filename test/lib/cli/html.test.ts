import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readHtml } from '../report/html/read.ts'
import { failing, newestRun, planText, removeRepositories, repository, sentenceOf } from './helpers.ts'

afterAll(removeRepositories)

const leaving = `
  const made = plan.step({ name: 'make', output: v.number(), retry: { times: 1 }, run: async (_, { attempt, folder, log }) => {
    log('attempt ' + attempt + ' <b>')
    if (attempt === 1) throw new Failure('not yet')
    await Bun.write(folder + '/a b#1.txt', 'left')
    return 1
  } })
  plan.measure({ name: 'speed', needs: { made }, samples: 8, warmup: 0, metrics: { time: lower('s') },
    run: async (_, { time }) => { const { seconds } = await time(() => 1); return { time: quantity(seconds, 's') } } })`

describe('report --html', () => {
  const repo = repository({
    leaves: planText('leaves', leaving).replace('import { ', 'import { lower, quantity, '),
    two: planText('two', failing),
  })
  let [leaves, two] = ['', '']
  beforeAll(async () => {
    await repo.run(['plan', 'leaves'])
    await repo.run(['plan', 'leaves'])
    leaves = await newestRun(repo, 'leaves')
    await repo.run(['plan', 'two'])
    two = await newestRun(repo, 'two')
  })

  test.each(['page.html', 'deep/er/page.html', 'runs/page.html'])(
    'writes a page to %s whose links lead to files that are there',
    async (file) => {
      expect(await repo.run(['report', leaves, '--html', file])).toEqual({ exit: 0, out: `Wrote ${file}\n`, err: '' })
      const { text, links, ids } = readHtml(repo.read(file))
      for (const words of [
        'passed 1 step',
        'attempt 1 did not pass: not yet',
        'attempt 2 <b>',
        'time',
        'History',
        '2 runs',
      ])
        expect(text).toContain(words)
      const outside = links.filter((link) => !link.startsWith('#'))
      for (const link of outside) expect(existsSync(new URL(link, Bun.pathToFileURL(join(repo.dir, file))))).toBe(true)
      expect(outside.map((link) => decodeURIComponent(link.split('/').at(-1) ?? ''))).toEqual(
        expect.arrayContaining(['results.csv', 'junit.xml', 'journal.jsonl', 'log.txt', 'a b#1.txt']),
      )
      for (const link of links) if (link.startsWith('#')) expect(ids).toContain(link.slice(1))
    },
  )

  test('has the way from where it lies also when it is reached through a link, and in the run itself', async () => {
    mkdirSync(join(repo.dir, 'real/place'), { recursive: true })
    symlinkSync(join(repo.dir, 'real/place'), join(repo.dir, 'linked'))
    await repo.run(['report', leaves, '--html', 'linked/page.html'])
    expect(readHtml(repo.read('linked/page.html')).links).toContain(`../../${leaves}/results.csv`)
    await repo.run(['report', leaves, '--html', `${leaves}/report.html`])
    expect(readHtml(repo.read(`${leaves}/report.html`)).links).toContain('results.csv')
  })

  test('goes to stdout, and tells of the newest run when none is named', async () => {
    const { out, err } = await repo.run(['report', '--html', '-'])
    expect(out).toStartWith('<!doctype html>')
    expect(readHtml(out).text).toContain('The plan two')
    expect(err).toBe('')
  })

  test('follows no link that lies in the run', async () => {
    writeFileSync(join(repo.dir, 'outside'), 'first │ of somebody else\n')
    const log = join(repo.dir, two, 'log.txt')
    if (existsSync(log)) unlinkSync(log)
    symlinkSync(join(repo.dir, 'outside'), log)
    mkdirSync(join(repo.dir, two, 'steps'), { recursive: true })
    symlinkSync(repo.dir, join(repo.dir, two, 'steps/00-first'))
    const { out } = await repo.run(['report', two, '--html', '-'])
    expect(out).not.toContain('of somebody else')
    expect(out).not.toContain('steps/00-first')
  })

  test.each([
    [['--html', 'x.html'], 'given with one run'],
    [['--html', '-', '--csv', '-'], 'left to one flag'],
    [['--md', '--json'], 'left to one flag'],
    [['--md', 'table.md'], 'given without a file: current value is table.md. It prints: put > table.md behind it'],
  ])('of two runs, or two views for stdout, is refused: %p', async (words, rule) => {
    const ran = await repo.run(['report', leaves, two, ...words])
    expect(ran.exit).toBe(2)
    expect(sentenceOf(ran)).toContain(rule)
  })

  test('of a place that cannot be written says so in a sentence', async () => {
    const ran = await repo.run(['report', leaves, '--html', `${leaves}/journal.jsonl/page.html`])
    expect(ran.exit).toBe(2)
    expect(sentenceOf(ran)).toContain('must be a place that can be written')
  })

  test('leaves the page out of the run of a plan, and loads nothing for it', async () => {
    expect(existsSync(join(repo.dir, dirname(leaves), 'report.html'))).toBe(false)
    const { out } = await repo.run(['plan', 'leaves', '--html', 'own.html'])
    expect(out).toContain('passed')
    expect(readHtml(repo.read('own.html')).text).toContain('3 runs')
  })

  test.each([
    [['leaves', 'two', '--html', 'x.html'], '--html', 'given with one plan'],
    [['leaves', '--html', 'plans'], 'plans', 'a file'],
    [['leaves', '--html', 'plans/two.ts/x.html'], 'plans/two.ts/x.html', 'a place that can be written'],
  ])('of a plan is refused before the run where it could not be written: %p', async (words, what, rule) => {
    const before = await newestRun(repo, 'leaves')
    const ran = await repo.run(['plan', ...words])
    expect(ran.exit).toBe(2)
    expect(sentenceOf(ran)).toContain(`'${what}' must be ${rule}`)
    expect(await newestRun(repo, 'leaves')).toBe(before)
  })

  test('has no secret of what was logged, left, returned or thrown, and neither has the table', async () => {
    const body = `
      plan.step({ name: 'tell', output: v.string(), run: async (_, { log, folder }) => {
        log('the word is ' + params.word)
        await Bun.write(folder + '/' + params.word, '')
        return params.word
      } })
      plan.step({ name: 'throw', output: v.string(), run: () => { throw new Failure('not ' + params.word) } })`
    const at = repository({
      secretive: planText('secretive', body, "params: { word: text(undefined, 'a word', { secret: true }) }"),
    })
    await at.run(['plan', 'secretive', '--set', 'word=abracadabra'])
    const page = (await at.run(['report', '--html', '-'])).out
    const table = (await at.run(['report', '--md'])).out
    for (const view of [page, table]) {
      expect(view).not.toContain('abracadabra')
      expect(view).toContain('not ')
    }
    expect(page).toContain('the word is ***')
  })

  test('--md prints a table a run', async () => {
    const { exit, out, err } = await repo.run(['report', leaves, two, '--md'])
    expect([exit, err]).toEqual([0, ''])
    expect(out).toMatch(/^## ✓ leaves: The plan leaves\n[\s\S]*\n## ✗ two: The plan two\n/)
    expect(out).toMatch(/^\| second \| ✗ failed \| \d+ ms \| the model is wrong \|$/m)
  })
})
