import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { entry, failing, home, newestRun, passing, planText, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

/** Prints in every way that a plan, a library or a child has. */
const noisy = `
  console.log('NOISE of the plan')
  const loud = plan.step({ name: 'loud', output: v.number(), run: async (_, { $ }) => {
    console.log('NOISE of console.log')
    process.stdout.write('NOISE of process.stdout\\n')
    await Bun.write(Bun.stdout, 'NOISE of Bun.stdout\\n')
    require('node:fs').writeSync(1, 'NOISE of descriptor 1\\n')
    Bun.spawnSync(['echo', 'NOISE of a child'], { stdout: 'inherit' })
    await $\`echo NOISE of a shell\`
    return 1
  } })
  plan.check({ name: 'said', needs: { loud }, run: ({ loud }) => [equal('loud', loud, 1)] })`

describe('stdout holds what was asked for on it and nothing else', () => {
  const text = `console.log('NOISE while it loads')\n${planText('noisy', noisy)}`
  const repo = repository({ noisy: text, passes: planText('passes', passing) })

  test('--csv -', async () => {
    const { exit, out, err } = await repo.run(['plan', 'noisy', 'passes', '--csv', '-'])
    expect([exit, out.includes('NOISE')]).toEqual([0, false])
    const rows = out.trimEnd().split('\r\n')
    expect(rows[0]).toStartWith('schema,plan,')
    for (const row of rows.slice(1)) expect(row).toMatch(/^1,(noisy|passes),smoke,/)
    expect(out).toContain(repo.read(`${await newestRun(repo, 'noisy')}/results.csv`))
    for (const words of [
      'NOISE while it loads',
      'NOISE of console.log',
      'NOISE of a child',
      'The plan noisy',
      'passed ·',
    ])
      expect(err).toContain(words)
  })

  test('--junit -', async () => {
    const { out } = await repo.run(['plan', 'noisy', '--junit', '-'])
    expect(out).toBe(repo.read(`${await newestRun(repo, 'noisy')}/junit.xml`))
  })

  test('--json, each line an event of the journal', async () => {
    const { out } = await repo.run(['plan', 'noisy', '--json'])
    expect(out).toBe(repo.read(`${await newestRun(repo, 'noisy')}/journal.jsonl`))
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).event)
    expect([events[0], events.at(-1)]).toEqual(['run-started', 'run-ended'])
  })

  test('the list as JSON, while plans are imported that print', async () => {
    repo.file('plans/noisy.ts', `${text}// changed\n`)
    const { exit, out, err } = await repo.run(['plan', '--json'])
    expect([exit, err]).toEqual([0, 'NOISE while it loads\n'])
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ name }) => name)).toEqual(['noisy', 'passes'])
    expect(lines[0]).toMatchObject({ kind: 'smoke', title: 'The plan noisy', last: { outcome: 'passed' } })
  })

  test('help, whatever the plan prints while it is loaded', async () => {
    const { out } = await repo.run(['plan', 'noisy', '--help'])
    expect(out).toStartWith('noisy · The plan noisy')
    expect(out).not.toContain('NOISE')
  })

  test('a shell step is shown live only with --verbose', async () => {
    expect((await repo.run(['plan', 'noisy', '--csv', '-', '--verbose'])).err).toContain('NOISE of a shell')
    expect((await repo.run(['plan', 'noisy', '--csv', '-'])).err).not.toContain('NOISE of a shell')
  })
})

describe('a reader that goes away', () => {
  const many = `for (let i = 0; i < 400; i++) plan.step({ name: \`step \${i}\`, output: v.string(), run: () => 'x'.repeat(2000) })`
  const repo = repository({ many: planText('many', many), fails: planText('fails', failing) })
  const shell = async (line: string) => {
    const script = `${line.replaceAll('ASSAY', `'${process.execPath}' '${entry}'`)}`
    const child = Bun.spawn(['bash', '-c', script], {
      cwd: repo.dir,
      env: { ...process.env, NO_COLOR: '1' },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    return { out: await child.stdout.text(), err: await child.stderr.text(), exit: await child.exited }
  }

  test.each([
    ['plan many --json | head -1', 0],
    ['plan many --csv - | head -1', 0],
    ['plan many | head -1', 0],
    ['plan fails --json | head -1', 1],
    ['plan | head -1', 0],
    ['plan --help | head -1', 0],
    ['report --json | head -1', 0],
    ['report --csv - | true', 0],
    ['report runs/*/* runs/many/* runs/many/* --csv - | head -1', 0],
  ])('%s ends quietly with %p', async (line, exit) => {
    const { out, err } = await shell(`ASSAY ${line}; echo "exit \${PIPESTATUS[0]}" >&2`)
    expect(err).toEndWith(`exit ${exit}\n`)
    expect(err).not.toMatch(/EPIPE|rror/)
    expect(out.split('\n').length).toBeLessThanOrEqual(2)
  })

  test('while a long list is printed is no error either', async () => {
    const script = `import { writeTo } from '${home}/lib/cli/print.ts'; for (let i = 0; i < 20; i++) writeTo(1, 'x\\n'.repeat(1e5))`
    const { err } = await shell(`'${process.execPath}' -e "${script}" | head -1; echo "exit \${PIPESTATUS[0]}" >&2`)
    expect(err).toBe('exit 0\n')
  })

  test('of stdout and stderr both does not change the exit code', async () => {
    await shell('(ASSAY plan fails; echo $? > code) 2>&1 | true')
    expect(repo.read('code')).toBe('1\n')
    await shell('(ASSAY plan fails --json 2>&1; echo $? > code) | true')
    expect(repo.read('code')).toBe('1\n')
  })

  test.skipIf(!existsSync('/dev/full'))('a full disk behind stdout is an error that says so', async () => {
    const { exit, err } = await shell('ASSAY plan many --csv - > /dev/full')
    expect([exit, err.includes('Cannot write to stdout: ENOSPC')]).toEqual([2, true])
    expect(existsSync(join(repo.dir, await newestRun(repo, 'many'), 'results.csv'))).toBe(true)
  })
})
