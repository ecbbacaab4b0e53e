import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { drawSamples } from '../tasks/images/samples.ts'

const root = join(import.meta.dir, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const scratch = mkdtempSync(join(tmpdir(), 'assay-readme-'))
const clone = join(scratch, 'clone')
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

// A checkout as it stands, committed or not, with what is installed.
beforeAll(async () => {
  mkdirSync(clone)
  const list = Bun.spawnSync(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  for (const path of list.stdout.toString().split('\0'))
    if (path !== '' && (await Bun.file(join(root, path)).exists())) {
      mkdirSync(dirname(join(clone, path)), { recursive: true })
      await Bun.write(join(clone, path), Bun.file(join(root, path)))
    }
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'))
  for (const { path, bytes } of await drawSamples())
    if (bytes.length < 200_000) await Bun.write(join(scratch, 'images', path), bytes)
})

function blocks(language: string): readonly string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text)
}

function run(command: string) {
  // Few images, since what is tried here is the command; with all of them the plans have a test of their own.
  const env = {
    ...process.env,
    ASSAY_IMAGES: join(scratch, 'images'),
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
  }
  const { exitCode, stdout, stderr } = Bun.spawnSync(['bash', '-c', command], { cwd: clone, env, stdin: 'ignore' })
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() }
}

/** They run the suite that this test is part of. */
const itself = ['bun run test', 'bun run test:conformance']

describe('every command of the README works as it is printed', () => {
  const commands = blocks('sh')
    .flatMap((block) => block.trim().split('\n'))
    .map((line) => line.replace(/^npx --yes | #.*$/g, ''))

  test('there are some', () => expect(commands.length).toBeGreaterThan(10))

  test.each(commands.filter((command) => !itself.includes(command)))(
    '%s',
    (command) => {
      const { exitCode, stdout, stderr } = run(command)
      expect(`${exitCode}${exitCode === 0 ? '' : stdout + stderr}`).toBe('0')
      expect(stdout).not.toBe('')
    },
    120_000,
  )
})

describe('a plan of your own', () => {
  const [source = '', ...measures] = blocks('ts')
  const names = 'atMost, Failure, lower, noWorseThanBaseline, quantity, timesOf'
  const measuring = source
    .replace('equal, text }', `equal, text, ${names} }`)
    .replace(/ {2}\},\n\)\n$/, () => `${measures.join('')}  },\n)\n`)
  const name = readme.match(/`plans\/([a-z-]+)\.ts` and run `bun run plan \1`/)?.[1] ?? ''

  test('type-checks as it is printed, runs and comes to a verdict', () => {
    for (const [text, counted] of [
      [source, /passed · 1 step, 1 check · /],
      // How sure they are depends on the machine.
      [measuring, /passed · 1 step, 1 check, 2 measures (\(.*\) )?· /],
    ] as const) {
      writeFileSync(join(clone, 'plans', `${name}.ts`), text)
      expect(run('node_modules/.bin/tsc -p .')).toMatchObject({ exitCode: 0, stdout: '' })
      const { exitCode, stdout } = run(`bun run plan ${name}`)
      expect(stdout).toMatch(counted)
      expect(exitCode).toBe(0)
    }
  }, 120_000)

  test('fails when what it judges is wrong', () => {
    writeFileSync(join(clone, 'plans', `${name}.ts`), source.replace('word.txt`, word)', "word.txt`, 'other')"))
    expect(run(`bun run plan ${name}`)).toMatchObject({ exitCode: 1 })
  })

  test('is what the README says it is: short', () => expect(source.trim().split('\n').length).toBeLessThanOrEqual(24))
})

test('the columns of results.csv are those that are documented', async () => {
  const documented = readme.match(/^ {4}(schema,plan,[^`]*?dirty)$/ms)?.[1]?.replace(/\s/g, '')
  const header = run('bun run report --csv -').stdout.split('\r\n')[0]?.split('\n')[0]
  expect(header).toBe(documented ?? 'none')
})
