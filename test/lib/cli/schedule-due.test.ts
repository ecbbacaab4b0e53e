import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { placesOf } from '../../../lib/cli/places.ts'
import { claim, lastQuarter, sinceAsked } from '../../../lib/cli/schedule-due.ts'
import { readState } from '../../../lib/cli/schedule-state.ts'
import { timesBetween, timetableOf } from '../../../lib/plan/schedule.ts'
import { entry, passing, planText, removeRepositories, repository, sentenceOf } from './helpers.ts'
import { inProcess } from './in-process.ts'

afterAll(removeRepositories)

const scheduled = (name: string, schedule: string) => planText(name, passing, `schedule: ${schedule}`)

describe('schedule due', () => {
  const plans = {
    nightly: scheduled('nightly', `{ cron: '30 2 * * *', zone: 'UTC' }`),
    hourly: scheduled('hourly', `{ cron: '50 * * * *', zone: 'UTC' }`),
    plain: planText('plain', passing),
  }

  test('names what came due in the quarter of an hour that ended last', async () => {
    const at = repository(plans)
    for (const [time, names] of [
      ['2026-11-21T02:29Z', ''],
      ['2026-11-21T02:30Z', 'nightly\n'],
      ['2026-11-21T03:44:59+01:00', 'nightly\n'],
      ['2026-11-21T02:45Z', ''],
      ['2026-11-21T03:00Z', 'hourly\n'],
    ] as const)
      expect(await at.run(['schedule', 'due', '--at', time])).toEqual({
        exit: 0,
        out: names,
        err: names === '' ? expect.stringMatching(/^Nothing is due: [^\n]+\n$/) : '',
      })
    expect((await at.run(['schedule', 'due', 'hourly', '--at', '2026-11-21T02:30Z'])).out).toBe('')
    expect((await at.run(['schedule', 'due', '--at', '2026-11-21T02:31Z', 'hourly'])).err).toBe(
      'Nothing is due: no time of a schedule came from 2026-11-21 02:15 to 2026-11-21 02:30 UTC\n',
    )
    expect(existsSync(join(at.dir, 'runs'))).toBe(false)
  })

  test('on both days that clocks change names a night once', async () => {
    const at = repository({ berlin: scheduled('berlin', `{ cron: '30 2 * * *', zone: 'Europe/Berlin' }`) })
    for (const [day, due] of [
      ['2027-03-28', '01:30'],
      ['2026-10-25', '00:30'],
    ] as const) {
      const named: string[] = []
      for (let quarter = 0; quarter < 24; quarter++) {
        const time = new Date(Date.parse(`${day}T00:00Z`) + quarter * 900_000).toISOString()
        const { out } = await inProcess('schedule', at.dir, ['due', '--at', time])
        if (out !== '') named.push(time.slice(11, 16))
      }
      expect(named).toEqual([due])
    }
  })

  test('with --run runs it, once however often it is asked, and what was not asked in time', async () => {
    const at = repository(plans)
    const asked = async (time: string) =>
      (await at.run(['schedule', 'due', '--run', '--at', time])).out.match(/^ {2}\w+ · The/gm) ?? []
    expect(await asked('2026-11-21T02:31Z')).toEqual(['  nightly · The'])
    expect(await asked('2026-11-21T02:31Z')).toEqual([])
    expect(await asked('2026-11-21T02:32Z')).toEqual([])
    expect(await asked('2026-11-21T05:10Z')).toEqual(['  hourly · The'])
    // Off for days: a night to catch up on, not all of them.
    expect(await asked('2026-11-25T12:00Z')).toEqual(['  hourly · The', '  nightly · The'])
    expect(await asked('2026-11-25T12:15Z')).toEqual([])
  })

  test('with --run says to a person, and to no log of cron, that there was nothing to run', async () => {
    const at = repository(plans)
    const words = ['schedule', 'due', '--run', '--at', '2026-11-21T01:10Z']
    expect(await at.run(words)).toEqual({ exit: 0, out: '', err: '' })
    let shown = ''
    const data = (_: unknown, bytes: Uint8Array) => {
      shown += new TextDecoder().decode(bytes)
    }
    const child = Bun.spawn([process.execPath, entry, ...words], { cwd: at.dir, terminal: { data } })
    expect(await child.exited).toBe(0)
    while (!shown.includes('\n')) await Bun.sleep(5)
    expect(shown).toBe('Nothing has become due since this was asked last\r\n')
  })

  test('with --run fails for a plan that no longer loads or is gone, at the time that was known of it', async () => {
    const at = repository(plans)
    await at.run(['schedule', 'due', '--run', '--at', '2026-11-21T01:00Z'])
    at.file('plans/nightly.ts', 'export default {')
    const ask = (time: string) =>
      at.run(['schedule', 'due', '--run', '--at', time, '--on-fail', 'cat >told', 'nightly'])
    expect((await ask('2026-11-21T02:15Z')).exit).toBe(2)
    expect(existsSync(join(at.dir, 'told'))).toBe(false)
    expect((await ask('2026-11-21T02:30Z')).exit).toBe(2)
    expect(at.read('told')).toContain('nightly errored on')
    expect(at.read('told')).toContain("Cannot load plan nightly as 'plans/nightly.ts:1:")
  })

  test('refuses a state that is not its own', async () => {
    const at = repository(plans)
    at.file('runs/schedule.json', '{"schema":9}')
    const ran = await at.run(['schedule', 'due', '--run'])
    expect([ran.exit, sentenceOf(ran)]).toEqual([
      2,
      expect.stringMatching(/^Cannot read the schedule as '.*schedule.json' must be as this Assay writes it/),
    ])
  })

  const start = Date.parse('2026-10-24T00:00Z') // a weekend on which Berlin's clocks go back
  const crons = fc.constantFrom('30 2 * * *', '*/10 * * * *', '7 * * * *', '59 23 * * *', '@hourly')
  const timetable = fc
    .record({ cron: crons, zone: fc.constantFrom('Europe/Berlin', 'Asia/Kolkata', 'UTC') })
    .map((schedule) => timetableOf('p', schedule))

  test('asked whenever within each quarter, names every time exactly once', () => {
    fc.assert(
      fc.property(
        timetable,
        fc.array(fc.integer({ min: 0, max: 899_999 }), { minLength: 200, maxLength: 200 }),
        (timetable, late) => {
          const windows = late.map((ms, quarter) => lastQuarter(new Date(start + quarter * 900_000 + ms)))
          const named = windows.flatMap(({ from, until }) => timesBetween(timetable, from, until, 'UTC'))
          const all = timesBetween(timetable, new Date(start - 900_000), new Date(start + 199 * 900_000), 'UTC')
          expect(named).toEqual([...all])
        },
      ),
      { numRuns: 50 },
    )
  })

  test('with --run asked at any times, however late or often, loses nothing of the last day and repeats nothing', () => {
    fc.assert(
      fc.property(
        timetable,
        fc.array(fc.integer({ min: 0, max: 24 * 3_600_000 }), { minLength: 1, maxLength: 60 }),
        (timetable, gaps) => {
          let now = start
          let kept = {
            cron: timetable.cron,
            since: new Date(start).toISOString(),
            asked: new Date(start).toISOString(),
          }
          const named = gaps.flatMap((gap) => {
            now += gap
            const { from, until } = sinceAsked(kept, new Date(now))
            kept = { ...kept, asked: until.toISOString() }
            return timesBetween(timetable, from, until, 'UTC')
          })
          expect(named).toEqual([...timesBetween(timetable, new Date(start), new Date(now), 'UTC')])
        },
      ),
      { numRuns: 50 },
    )
  })

  test('a clock that was a little ahead repeats nothing, one that was far ahead stops no nights, and a machine that was off catches up on a day', () => {
    const kept = (asked: string) => ({ cron: '* * * * *', since: asked, asked })
    const now = new Date('2026-11-21T12:00Z')
    const lengthOf = ({ from, until }: { from: Date; until: Date }) => (until.getTime() - from.getTime()) / 60_000
    expect(lengthOf(sinceAsked(kept('2026-11-21T12:05Z'), now))).toBe(-5)
    expect(lengthOf(sinceAsked(kept('2030-01-01T00:00Z'), now))).toBe(15)
    expect(lengthOf(sinceAsked(undefined, now))).toBe(15)
    expect(lengthOf(sinceAsked(kept('2026-11-17T12:00Z'), now))).toBe(24 * 60)
  })

  test('two that ask at once share what is due', async () => {
    const at = repository(plans)
    const places = placesOf(at.dir)
    const plan = { name: 'nightly', timetable: timetableOf('nightly', { cron: '30 2 * * *', zone: 'UTC' }) }
    const now = new Date('2026-11-21T02:30:01Z')
    const claimed = [claim(places, [plan], now, 'UTC'), claim(places, [plan], now, 'UTC')]
    expect(claimed).toEqual([['nightly'], []])
    claim(places, [plan], new Date('2026-11-21T02:29:00Z'), 'UTC')
    expect(readState(places).plans.nightly?.asked).toBe('2026-11-21T02:30:01.000Z')
  })
})
