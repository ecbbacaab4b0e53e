import { afterAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as v from 'valibot'

// A real cron daemon starts plans, is kept out by a lock, tells of it and forgets. The one test that waits for a clock to
// show the next minute. The daemon has a spool of its own where this machine lets us hide the system's from it.

const home = join(import.meta.dir, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'assay-cron-'))
// What a shell and a crontab trip over.
const root = join(scratch, "it's 100% mine")
const others = '# somebody’s own\n0 4 1 1 * true\n'

const privateSpool = `
mount -t tmpfs none /var/spool/cron && mkdir -m 1730 /var/spool/cron/crontabs && chgrp crontab /var/spool/cron/crontabs &&
mount -t tmpfs none /run && mkdir -p /etc/cron.d && mount -t tmpfs none /etc/cron.d &&
touch /etc/crontab && mount --bind /dev/null /etc/crontab && exec cron -f`

function reasonToSkip(): string | undefined {
  if (process.getuid?.() !== 0) return 'it starts a cron daemon, which takes root'
  if (Bun.which('cron') === null || Bun.which('crontab') === null)
    return 'there is no cron here (Debian: apt-get install cron)'
  if (!canHide() && !process.env.CI) return "it would change root's own crontab here, which it does in CI alone"
  return undefined
}

function canHide(): boolean {
  const tried = Bun.spawnSync(['unshare', '-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stderr: 'ignore' })
  return Bun.which('nsenter') !== null && tried.exitCode === 0
}

const reason = reasonToSkip()
if (reason !== undefined) console.log(`test/long/cron.ts is skipped: ${reason}`)

const cleanup: (() => void)[] = []
afterAll(async () => {
  for (const step of cleanup.reverse()) await step()
  rmSync(scratch, { recursive: true, force: true })
})

/** Starts the daemon; returns how to run a command where it is. */
async function startCron(): Promise<(words: readonly string[], stdin?: string) => string> {
  const hidden = canHide()
  const words = hidden ? ['unshare', '-m', 'sh', '-c', privateSpool] : ['cron', '-f'] // where one runs already, it ends at once
  const daemon = Bun.spawn(words, { stdio: ['ignore', 'ignore', 'inherit'] })
  cleanup.push(() => {
    daemon.kill()
  })
  const around = hidden ? ['nsenter', '-t', String(daemon.pid), '-m', `--wd=${root}`, '--'] : []
  if (hidden) await until(() => readFileSync(`/proc/${daemon.pid}/comm`, 'utf8').trim() === 'cron', 30)
  // The daemon looks at times in whole seconds, and would not see a crontab that is changed in the one it first looked in.
  await Bun.sleep(2000)
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, NO_COLOR: '1' }
  return (words, stdin = '') => {
    const ran = Bun.spawnSync([...around, ...words], { cwd: root, env, stdin: Buffer.from(stdin) })
    if (ran.exitCode !== 0 && !words.includes('-l')) throw new Error(`${words.join(' ')}: ${ran.stderr.toString()}`)
    return ran.stdout.toString()
  }
}

async function until(condition: () => boolean, seconds: number): Promise<void> {
  for (const deadline = performance.now() + seconds * 1000; !condition(); await Bun.sleep(100))
    if (performance.now() > deadline) throw new Error(`Not within ${seconds} s: ${condition}`)
}

const planText = (name: string, schedule: string, body: string) => `import { definePlan, Failure } from 'assay'
import * as v from 'valibot'
export default definePlan({ name: '${name}', kind: 'smoke', title: 'Plan ${name}', schedule: ${schedule} }, (plan) => {
  plan.step({ name: 'work', output: v.string(), run: async (_, { $ }) => { ${body} } })
})
`

const Night = v.object({ run: v.string(), verdict: v.string(), baseline: v.optional(v.number()) })

const nightly = `import { definePlan, higher, lower, noWorseThanBaseline, quantity } from 'assay'
export default definePlan({ name: 'nightly', kind: 'performance', title: 'Packing', schedule: '* * * * *' }, (plan) => {
  plan.measure({
    name: 'packing',
    metrics: { size: lower('B', noWorseThanBaseline(1.01)), rate: higher('MB/s') },
    samples: 10,
    run: async (_, { time }) => {
      const text = Buffer.from('how well does it pack? '.repeat(20_000))
      const { seconds, value } = await time(() => Bun.gzipSync(text))
      return { size: quantity(value.length, 'B'), rate: quantity(text.length / 1e6 / seconds, 'MB/s') }
    },
  })
})
`

test.skipIf(reason !== undefined)(
  'cron runs what is installed, a night is held against another, a lock keeps the next minute’s out, each failure is told, and nothing is left',
  async () => {
    mkdirSync(join(root, 'plans'), { recursive: true })
    mkdirSync(join(root, 'node_modules'))
    symlinkSync(home, join(root, 'node_modules/assay'))
    symlinkSync(join(home, 'node_modules/valibot'), join(root, 'node_modules/valibot'))
    const slow = `while (!(await Bun.file('go').exists())) await Bun.sleep(50)
      throw new Failure('PATH is ' + process.env.PATH + ', and ' + (await $\`which bun\`).stdout)`
    writeFileSync(join(root, 'plans/slow.ts'), planText('slow', "'* * * * *'", slow))
    writeFileSync(
      join(root, 'plans/far.ts'),
      planText('far', `{ cron: '@daily', zone: 'Antarctica/Troll' }`, "return ''"),
    )

    writeFileSync(join(root, 'plans/nightly.ts'), nightly)

    const run = await startCron()
    const assay = (...words: readonly string[]) => run([process.execPath, join(home, 'lib/cli/main.ts'), ...words])
    const before = run(['crontab', '-l'])
    cleanup.push(() => run(['crontab', '-'], before))
    run(['crontab', '-'], others)

    const onFail = `{ printf '100%% \\\\ of %s: %s\\n' "$ASSAY_PLAN" "$ASSAY_OUTCOME"; cat; } >>'${join(scratch, 'told')}'`
    expect(assay('schedule', 'install', '--on-fail', onFail)).toContain(
      'The crontab runs 3 plans: far, nightly, slow\n',
    )
    const installed = run(['crontab', '-l'])
    expect(installed).toStartWith(others)
    expect(installed).toMatch(
      /^\* \* \* \* \* cd .* plan slow .*\n\*\/15 \* \* \* \* cd .* schedule due --run .* far /m,
    )

    const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')
    const told = () => read(join(scratch, 'told'))
    // Later nights are held against the first.
    const nights = () => {
      const lines = assay('history', 'nightly', '--metric', 'size', '--json').split('\n').filter(Boolean)
      return lines.map((line) => v.parse(Night, JSON.parse(line)))
    }
    await until(() => read(join(root, 'runs/schedule.log')).includes('passed · 1 measure'), 200)
    const [first] = nights()
    assay('baseline', 'set', first?.run ?? 'none')
    await until(() => nights().length > 1, 200)
    expect(
      nights()
        .slice(0, 2)
        .map(({ verdict, baseline }) => [verdict, baseline]),
    ).toEqual([
      ['recorded', 1],
      ['pass', 1],
    ])
    // The command writes its own line first, and what it is told a moment later.
    await until(() => told().includes('running since'), 200)
    expect(told()).toStartWith('100% \\ of slow: overlapped\nslow overlapped on ')
    expect(told()).toMatch(
      /Cannot run slow as 'every other run of slow' must be over: current value is run \S+ \(process \d+ on /,
    )

    assay('schedule', 'remove')
    expect(run(['crontab', '-l'])).toBe(others)
    writeFileSync(join(root, 'go'), '')
    await until(() => told().includes('failed · 1 step (1 failed)'), 60)
    expect(told()).toContain('100% \\ of slow: failed\n')
    const path = installed.match(/ PATH=(\S+) /)?.[1] ?? 'none'
    expect(told()).toContain(`PATH is ${path}, and ${Bun.which('bun', { PATH: path })}\n`)
    expect(told()).toMatch(/failed · 1 step \(1 failed\)/)
    expect(read(join(root, 'runs/schedule.log'))).toContain('✗ work')

    await until(() => !assay('history', 'slow').includes('running'), 30)
    const outcomes = assay('history', 'slow', '--json')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(outcomes.map(({ kind, outcome }) => outcome ?? kind)).toEqual(['failed', 'overlapped'])
    // Cron began them at whole minutes.
    for (const { at } of outcomes) expect(new Date(at).getUTCSeconds()).toBeLessThan(30)
  },
  600_000,
)
