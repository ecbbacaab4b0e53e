import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { machineZone } from '../../../lib/cli/machine-zone.ts'
import { placesOf } from '../../../lib/cli/places.ts'
import { crontabLines } from '../../../lib/cli/schedule-install.ts'
import { timetableOf } from '../../../lib/plan/schedule.ts'
import { entry, passing, planText, type Repository, removeRepositories, repository, sentenceOf } from './helpers.ts'

afterAll(removeRepositories)

const scheduled = (name: string, schedule: string) => planText(name, passing, `schedule: ${schedule}`)
const here = machineZone()
/** Never the machine's, whichever that is. */
const [there, elsewhere] =
  here === 'Europe/Berlin' ? ['Asia/Kolkata', 'America/New_York'] : ['Europe/Berlin', 'Asia/Kolkata']

/** A repository and a `crontab` that keeps its table in a file of it, since nobody's own is for tests. */
function withCrontab(plans: Readonly<Record<string, string>>): { at: Repository; env: { readonly PATH: string } } {
  const at = repository(plans)
  mkdirSync(join(at.dir, 'bin'))
  const script = `#!/bin/sh
f='${at.dir}/crontab'
case "$1" in
  -l) if [ -f "$f" ]; then cat "$f"; else echo "no crontab for me" >&2; exit 1; fi ;;
  -) cat >"$f" ;;
  -r) rm "$f" ;;
esac
`
  writeFileSync(join(at.dir, 'bin/crontab'), script)
  chmodSync(join(at.dir, 'bin/crontab'), 0o755)
  return { at, env: { PATH: `${at.dir}/bin:/usr/bin:/bin` } }
}

describe('schedule', () => {
  test('shows each schedule with its next three times in its own zone, and what is not installed', async () => {
    const at = repository({
      nightly: scheduled('nightly', "'30 2 * * mon-fri'"),
      berlin: scheduled('berlin', `{ cron: '@daily', zone: '${there}' }`),
      never: planText('never', passing),
    })
    const { exit, out } = await at.run(['schedule'])
    const time = '\\d{4}-\\d\\d-\\d\\d'
    expect(exit).toBe(0)
    expect(out).toMatch(
      new RegExp(
        `^plan     schedule          zone +installed  next times\nberlin   @daily            ${there} +no         ${time} 00:00  ${time} 00:00  ${time} 00:00\nnightly  30 2 \\* \\* mon-fri  ${here} +no         ${time} 02:30  ${time} 02:30  ${time} 02:30\nHave cron run them: bunx assay schedule install\n$`,
      ),
    )
    const lines = (await at.run(['schedule', '--json'])).out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ plan, cron, zone, next }) => [plan, cron, zone, next.length])).toEqual([
      ['berlin', '@daily', there, 3],
      ['nightly', '30 2 * * mon-fri', here, 3],
    ])
  })

  test('says how to give a plan one when none has it', async () => {
    const { exit, out } = await repository({ p: planText('p', passing) }).run(['schedule'])
    expect([exit, out]).toEqual([
      0,
      "No plan has a schedule. Give it one beside its title: schedule: '30 2 * * mon-fri'\n",
    ])
  })

  test('is refused where the plan is listed, run and tried, in a sentence with the field', async () => {
    const at = repository({ bad: scheduled('bad', "'30 25 * * *'"), good: scheduled('good', "'@daily'") })
    const sentence =
      "Cannot schedule bad as 'schedule' must be a cron expression like '30 2 * * mon-fri' or '@daily': current value is 30 25 * * *. value out of range for field"
    for (const words of [['schedule'], ['plan', 'bad'], ['plan', 'bad', '--dry-run']]) {
      const ran = await at.run(words)
      expect([ran.exit, sentenceOf(ran)]).toEqual([2, sentence])
    }
    expect((await at.run(['plan'])).out).toContain(sentence)
  })

  test.each([
    [
      ['schedule', 'instal'],
      "'command' must be install, remove, due: current value is instal. Did you mean 'install'?",
    ],
    [['schedule', 'install', 'p'], "'arguments' must be none: current value is p"],
    [['schedule', '--dryrun'], "'flag' must be one it has: current value is --dryrun. Did you mean '--dry-run'?"],
    [['schedule', 'due', 'nightyl'], "'NAME' must be a plan in"],
    [['schedule', 'due', 'plain'], "'PLAN' must be a plan with a schedule: current value is plain"],
    [
      ['schedule', 'due', '--at', 'noon'],
      "'--at' must be a time like 2026-11-21T02:30 or 2026-11-21T02:30Z: current value is noon",
    ],
    [['schedule', 'due', '--at', '2026-13-01T00:00Z'], "'--at' must be a time like"],
    [['history', 'nightyl'], "'NAME' must be a plan in"],
    [['schedule', '--at', 'T'], "'--at' must be given to schedule due: current value is given to schedule"],
    [['schedule', '--run'], "'--run' must be given to schedule due: current value is given to schedule"],
    [['schedule', 'due', '--json'], "'--json' must be given to schedule alone: current value is given to schedule due"],
    [
      ['schedule', 'remove', '--on-fail', 'x'],
      "'--on-fail' must be given to schedule install or schedule due: current value is given to schedule remove",
    ],
    [
      ['schedule', 'due', '--on-fail', 'x'],
      "'--on-fail' must be given to due with --run: current value is given to due without it",
    ],
    [['schedule', 'install', '--on-fail', 'x', '--no-on-fail'], "'--on-fail' must be given without --no-on-fail"],
    [['schedule', 'install', '--on-fail', ''], "'--on-fail' must be a command: current value is empty"],
    [
      ['plan', 'plain', '--on-change', ''],
      "Cannot tell of changes as '--on-change' must be a command: current value is",
    ],
    [
      ['schedule', 'install', '--on-change', 'x', '--no-on-change'],
      "'--on-change' must be given without --no-on-change",
    ],
    [['plan', 'plain', '--on-fail', ' '], "Cannot tell of failures as '--on-fail' must be a command: current value is"],
    [['doctor', 'x'], "Cannot look at this machine as 'arguments' must be none: current value is x"],
    [['gc', 'x'], "Cannot free disk as 'arguments' must be none: current value is x"],
    [['history', '--last', '0'], "'--last' must be a whole number from 1: current value is 0"],
    [['schedul'], "'command' must be one it has: current value is schedul. Did you mean 'schedule'?"],
  ])('%p is refused in a sentence', async (words, part) => {
    const ran = await repository({ nightly: scheduled('nightly', "'@daily'"), plain: planText('plain', passing) }).run(
      words,
    )
    expect([ran.exit, sentenceOf(ran)]).toEqual([2, expect.stringContaining(part)])
  })
})

describe('schedule install', () => {
  const plans = {
    nightly: scheduled('nightly', "'30 2 * * mon-fri'"),
    berlin: scheduled('berlin', `{ cron: '@daily', zone: '${there}' }`),
    kolkata: scheduled('kolkata', `{ cron: '5 4 * * *', zone: '${elsewhere}' }`),
  }

  test('writes a line for each plan of this zone and one that asks for the others, and remove takes them away', async () => {
    const { at, env } = withCrontab(plans)
    at.file('crontab', '0 4 * * * backup\n')
    const installed = await at.run(['schedule', 'install'], { env })
    expect(installed).toEqual({
      exit: 0,
      out: 'The crontab runs 3 plans: berlin, kolkata, nightly\nTheir output goes to runs/schedule.log\n',
      err: '',
    })
    const program = `cd ${at.dir} && PATH=\\S+ ${process.execPath} ${entry}`
    const log = `>>${at.dir}/runs/schedule.log 2>&1`
    expect(at.read('crontab')).toMatch(
      new RegExp(
        `^0 4 \\* \\* \\* backup\n# assay begin "${at.dir}"\n30 2 \\* \\* 1-5 ${program} plan nightly ${log}\n\\*/15 \\* \\* \\* \\* ${program} schedule due --run berlin kolkata ${log}\n# assay end "${at.dir}"\n$`,
      ),
    )
    const first = at.read('crontab')
    const shown = (await at.run(['schedule'])).out
    expect(shown).toMatch(/nightly .* yes /)
    expect(shown).not.toContain('Have cron run them')
    await at.run(['schedule', 'install'], { env })
    expect(at.read('crontab')).toBe(first)
    const dry = await at.run(['schedule', 'remove', '--dry-run'], { env })
    expect(dry.out).toBe(first.replace('0 4 * * * backup\n', ''))
    expect((await at.run(['schedule', 'remove'], { env })).out).toBe('The crontab runs nothing here any more\n')
    expect(at.read('crontab')).toBe('0 4 * * * backup\n')
    expect((await at.run(['schedule', 'remove'], { env })).out).toBe('The crontab had no line for this repository\n')
  })

  test('leaves no crontab where there was none', async () => {
    const { at, env } = withCrontab(plans)
    expect((await at.run(['schedule', 'install'], { env })).exit).toBe(0)
    expect(await at.run(['schedule', 'remove'], { env })).toMatchObject({ exit: 0, err: '' })
    expect(existsSync(join(at.dir, 'crontab'))).toBe(false)
    expect((await at.run(['schedule', 'remove'], { env })).out).toBe('The crontab had no line for this repository\n')
  })

  test('keeps the --on-fail of before unless it is told otherwise, and drops none without a word', async () => {
    const { at, env } = withCrontab(plans)
    const install = async (...words: readonly string[]) => {
      const { exit, err } = await at.run(['schedule', 'install', ...words], { env })
      return [exit, err, at.read('crontab').match(/--on-fail=/g)?.length ?? 0]
    }
    const command = `echo "it's 100%" | mail me`
    expect(await install('--on-fail', command)).toEqual([0, '', 2])
    const first = at.read('crontab')
    const stays = `Failures are told of as before (--no-on-fail ends it): ${command}\n`
    expect(await install()).toEqual([0, stays, 2])
    expect(at.read('crontab')).toBe(first)
    expect(await at.run(['schedule', 'install', '--dry-run'], { env })).toEqual({ exit: 0, out: first, err: stays })
    const ends = (told: string) => `No failure is told of any more, as it was by --on-fail: ${told}\n`
    expect(await install('--no-on-fail')).toEqual([0, ends(command), 0])
    expect(await install('--on-fail', 'one')).toEqual([0, '', 2])
    expect(await install('--on-fail', 'other')).toEqual([0, '', 2])
    expect(await at.run(['schedule', 'remove'], { env })).toMatchObject({ exit: 0, err: ends('other') })
  })

  test('keeps the --on-change of before beside the --on-fail, each until it is told otherwise', async () => {
    const { at, env } = withCrontab({ nightly: plans.nightly })
    const install = async (...words: readonly string[]) => {
      const { exit, err } = await at.run(['schedule', 'install', ...words], { env })
      return [exit, err, at.read('crontab').match(/--on-\w+=\w+/g)]
    }
    expect(await install('--on-change', 'one')).toEqual([0, '', ['--on-change=one']])
    const changes = 'Changes are told of as before (--no-on-change ends it): one\n'
    expect(await install('--on-fail', 'two')).toEqual([0, changes, ['--on-fail=two', '--on-change=one']])
    const failures = 'Failures are told of as before (--no-on-fail ends it): two\n'
    const ended = 'No change is told of any more, as it was by --on-change: one\n'
    expect(await install('--no-on-change')).toEqual([0, failures + ended, ['--on-fail=two']])
  })

  test('says when a schedule is no longer as it was installed', async () => {
    const { at, env } = withCrontab({ nightly: plans.nightly })
    await at.run(['schedule', 'install'], { env })
    at.file('plans/nightly.ts', scheduled('nightly', "'30 3 * * *'"))
    const shown = (await at.run(['schedule'])).out
    expect(shown).toMatch(/nightly .* as it was before /)
    expect(shown).toContain('Have cron run them')
  })

  test('with --dry-run shows what it would write and changes nothing, also where there is no crontab', async () => {
    const { at } = withCrontab(plans)
    const { exit, out } = await at.run(['schedule', 'install', '--dry-run'], { env: { PATH: '/nowhere' } })
    expect([exit, out.split('\n').length]).toEqual([0, 5])
    expect([existsSync(join(at.dir, 'crontab')), existsSync(join(at.dir, 'runs'))]).toEqual([false, false])
  })

  test('without a crontab program says what to do', async () => {
    const ran = await repository(plans).run(['schedule', 'install'], { env: { PATH: '/nowhere' } })
    expect([ran.exit, sentenceOf(ran)]).toEqual([
      2,
      "Cannot change the schedule as 'crontab' must be a program on PATH: current value is none. Install cron, or let what starts things here ask every 15 minutes: schedule due --run",
    ])
  })

  test('is told by crontab that this user may not', async () => {
    const { at, env } = withCrontab(plans)
    writeFileSync(
      join(at.dir, 'bin/crontab'),
      '#!/bin/sh\necho "You (me) are not allowed to use this program" >&2\nexit 1\n',
    )
    const ran = await at.run(['schedule', 'install'], { env })
    expect([ran.exit, sentenceOf(ran)]).toEqual([
      2,
      "Cannot read the crontab as 'crontab -l' must be allowed to this user: current value is You (me) are not allowed to use this program",
    ])
  })

  test('runs through the shell what it wrote: paths with spaces, percent signs and a command to tell of a failure', async () => {
    const at = repository({ nightly: plans.nightly })
    const root = join(at.dir, "50% of 'it'")
    mkdirSync(join(root, 'plans'), { recursive: true })
    mkdirSync(join(root, 'runs'))
    writeFileSync(join(root, 'plans/nightly.ts'), plans.nightly.replace('42', '41'))
    const onFail = `printf '%s' "$ASSAY_PLAN: 100%" >told`
    const plan = { name: 'nightly', timetable: timetableOf('nightly', '30 2 * * *') }
    const [line = ''] = crontabLines(placesOf(root), [plan], here, { 'on-fail': onFail })
    const command = line.replace('30 2 * * * ', '')
    expect(command).not.toMatch(/(^|[^\\])%/)
    const env = { HOME: '/', LOGNAME: 'me', SHELL: '/bin/sh' } // as cron starts it
    const child = Bun.spawnSync(['/bin/sh', '-c', command.replaceAll('\\%', '%')], { cwd: '/', env })
    expect([child.exitCode, child.stdout.toString(), child.stderr.toString()]).toEqual([1, '', ''])
    expect(await Bun.file(join(root, 'told')).text()).toBe('nightly: 100%')
    expect(await Bun.file(join(root, 'runs/schedule.log')).text()).toContain('failed · 1 step, 1 check (1 failed)')
  })

  test('refuses a line that is longer than cron takes', () => {
    const plan = { name: 'nightly', timetable: timetableOf('nightly', '30 2 * * *') }
    expect(() => crontabLines(placesOf(undefined), [plan], here, { 'on-fail': 'x'.repeat(1000) })).toThrow(
      /^Cannot write the crontab as 'a command' must be at most 998 bytes long: current value is 1\d{3} bytes/,
    )
  })
})
