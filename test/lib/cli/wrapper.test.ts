import { afterAll, expect, test } from 'bun:test'
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { isScript, kindOf } from '../../../lib/cli/wrapper.ts'
import { entry, passing, planText, removeRepositories, repository } from './helpers.ts'

afterAll(removeRepositories)

const own = '/home/me/assay/lib/cli/main.ts'

test.each([
  ['bun run plan functional-1', 'bun'],
  ['/usr/local/bin/bun --silent run plan', 'bun'],
  ['bun plan functional-1', 'bun'],
  ['bunx assay plan', 'bun'],
  ['bun x assay plan', 'bun'],
  ['bun lib/cli/main.ts plan', 'bun'],
  ['npm exec assay plan', 'npm'],
  ['node /usr/lib/node_modules/npm/bin/npx-cli.js assay', 'npm'],
  ['sh -c assay plan', 'shell'],
  // Programs, which may end before what they started does.
  ['bun run nightly.ts', undefined],
  ['bun test', undefined],
  ['bun nightly.ts', undefined],
  ['node server.js', undefined],
  ['bash', undefined],
  ['-bash', undefined],
  ['bash nightly.sh', undefined],
  ['/usr/sbin/cron -f', undefined],
  ['tmux', undefined],
] as const)('%p is %p', (command, kind) => {
  expect(kindOf(command.split(' '), 'plan', own)).toBe(kind)
})

test.each([
  ['plan', 'bun lib/cli/main.ts plan', [own, 'plan', 'functional-1'], true],
  ['bunx', 'assay', ['/home/me/repo/node_modules/.bin/assay', 'plan'], true],
  // Others inherit what it says.
  ['plan', 'bun lib/cli/main.ts plan', [own, 'task', 'stage1'], false],
  ['bunx', 'assay', [own, 'task', 'stage1'], false],
  ['nightly', 'nohup bun lib/cli/main.ts plan &', [own, 'plan'], false],
  ['nightly', 'bun lib/cli/main.ts plan &', [own, 'plan'], false],
  ['test', 'bun lib/cli/install.ts && bun test/run.ts', [own, 'plan'], false],
  [undefined, undefined, [own, 'plan'], false],
] as const)('as the script %p, %p started %p: %p', (event, script, words, started) => {
  expect(isScript({ npm_lifecycle_event: event, npm_lifecycle_script: script }, ['bun', ...words])).toBe(started)
})

test.skipIf(process.platform !== 'linux')(
  'a run whose wrapper was killed before it could look for one does not begin',
  async () => {
    const repo = repository({ quick: planText('quick', passing) })
    const orphaned = Bun.spawn(['sh', '-c', '("$@" &)', 'sh', process.execPath, entry, 'plan', 'quick'], {
      cwd: repo.dir,
      env: { ...process.env, npm_lifecycle_event: 'plan', npm_lifecycle_script: 'bun cli/main.ts plan' },
      stdout: 'pipe',
    })
    // It ends when all who hold it have.
    expect(await orphaned.stdout.text()).toBe('')
    expect(existsSync(join(repo.dir, 'runs'))).toBe(false)
  },
)

test.skipIf(process.platform !== 'linux')('nor does one of bunx, which starts us by a link', async () => {
  const repo = repository({ quick: planText('quick', passing) })
  const link = join(repo.dir, 'assay')
  symlinkSync(entry, link)
  const orphaned = Bun.spawn(['sh', '-c', '("$@" &)', 'sh', process.execPath, link, 'plan', 'quick'], {
    cwd: repo.dir,
    env: { ...process.env, npm_lifecycle_event: 'bunx', npm_lifecycle_script: 'assay' },
    stdout: 'pipe',
  })
  expect(await orphaned.stdout.text()).toBe('')
  expect(existsSync(join(repo.dir, 'runs'))).toBe(false)
})

test('a shell script below `bun run` may start us as that script does, and is no orphan', async () => {
  const repo = repository({ quick: planText('quick', passing) })
  const nested = repo.file('nested.sh', '"$@"; exit $?')
  const child = Bun.spawn(['bash', nested, process.execPath, entry, 'plan', 'quick'], {
    cwd: repo.dir,
    env: { ...process.env, npm_lifecycle_event: 'plan', npm_lifecycle_script: 'bun cli/main.ts plan' },
    stdout: 'pipe',
  })
  expect(await child.exited).toBe(0)
})
