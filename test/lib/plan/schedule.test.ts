import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Problem } from '../../../lib/plan/problem.ts'
import { clockTime, timesAfter, timesBetween, timetableOf } from '../../../lib/plan/schedule.ts'

const sentenceOf = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    if (error instanceof Problem) return error.message
    throw error
  }
  return 'accepted'
}

/** The first times after `from` as a clock in `zone` shows them. */
function clockTimes(cron: string, zone: string, from: string, count: number): readonly string[] {
  const times: string[] = []
  for (const at of timesAfter(timetableOf('p', { cron, zone }), new Date(from), 'UTC')) {
    times.push(clockTime(at, zone))
    if (times.length === count) break
  }
  return times
}

describe('a schedule', () => {
  test.each([
    ['30 2 * * *', '2026-11-22T02:30'],
    ['@daily', '2026-11-22T00:00'],
    ['@hourly', '2026-11-21T13:00'],
    ['  0   4  *\t* mon-FRI ', '2026-11-23T04:00'],
    ['*/20 6-8 1,15 jan *', '2027-01-01T06:00'],
    ['0 0 29 2 *', '2028-02-29T00:00'],
    ['5,35 12 * * *', '2026-11-21T12:05'],
    ['0 0 * * 7', '2026-11-22T00:00'],
    ['0 0 13 * fri', '2026-11-27T00:00'],
  ])('%p is met next at %p', (cron, next) => {
    const [first] = timesAfter(timetableOf('p', cron), new Date('2026-11-21T12:00:00Z'), 'UTC')
    expect(first?.toISOString()).toStartWith(next)
  })

  const rule =
    "Cannot schedule p as 'schedule' must be a cron expression like '30 2 * * mon-fri' or '@daily': current value is"
  const part = 'is none of *, 5, 1-5, mon, */15, 1-30/2 or several of them with commas'
  test.each([
    ['', `${rule} empty. It has five fields: minute hour day month weekday`],
    ['* * * *', `${rule} * * * *. It has five fields: minute hour day month weekday`],
    ['0 30 2 * * *', `${rule} 0 30 2 * * *. It has five fields: minute hour day month weekday`],
    ['@reboot', `${rule} @reboot. It has @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually`],
    ['60 * * * *', `${rule} 60 * * * *. value out of range for field`],
    ['*/0 * * * *', `${rule} */0 * * * *. step value must be a positive integer`],
    ['5-1 * * * *', `${rule} 5-1 * * * *. range must be ascending (use 'a,b' or 'a-max,0-b' for wrap-around)`],
    ['mon * * * *', `${rule} mon * * * *. value out of range for field`],
    // Taken by some daemons and by Bun, and by others not or otherwise.
    ['5/15 * * * *', `${rule} 5/15 * * * *. '5/15' ${part}`],
    ['+1 * * * *', `${rule} +1 * * * *. '+1' ${part}`],
    ['0 0 * * Monday', `${rule} 0 0 * * Monday. 'Monday' ${part}`],
    ['0 0 L * *', `${rule} 0 0 L * *. 'L' ${part}`],
    ['1,,2 * * * *', `${rule} 1,,2 * * * *. '1,,2' ${part}`],
    [
      '0 0 */2 * mon',
      `${rule} 0 0 */2 * mon. A step of days beside a restricted weekday means different days to different cron daemons`,
    ],
    ['0 0 * *\n* *', `${rule} 0 0 * *\n* *. It has five fields: minute hour day month weekday`],
    ['0 0 30 2 *', "Cannot schedule p as 'schedule' must be met by some date: current value is 0 0 30 2 *"],
    [
      { cron: '@daily', zone: 'Mars/Phobos' },
      "Cannot schedule p as 'schedule.zone' must be a time zone like 'Europe/Berlin': current value is Mars/Phobos",
    ],
    [
      { cron: '@daily', zone: '' },
      "Cannot schedule p as 'schedule.zone' must be a time zone like 'Europe/Berlin': current value is empty",
    ],
  ])('%p is refused in a sentence', (schedule, sentence) => {
    expect(sentenceOf(() => timetableOf('p', schedule))).toBe(sentence)
  })
})

describe('on the day the clock goes forward', () => {
  // Europe/Berlin, 28 March 2027: 02:00 is followed by 03:00. Lord Howe: by 02:30.
  test.each([
    ['30 2 * * *', 'Europe/Berlin', '2027-03-27T12:00Z', ['2027-03-28 03:30', '2027-03-29 02:30']],
    ['0 3 * * *', 'Europe/Berlin', '2027-03-27T12:00Z', ['2027-03-28 03:00', '2027-03-29 03:00']],
    ['30 * * * *', 'Europe/Berlin', '2027-03-28T00:00Z', ['2027-03-28 01:30', '2027-03-28 03:30']],
    ['10 2 * * *', 'America/New_York', '2027-03-13T12:00Z', ['2027-03-14 03:10', '2027-03-15 02:10']],
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T06:00Z', ['2026-10-04 02:45', '2026-10-05 02:15']],
  ])('%p in %s: a skipped time comes later by what was skipped', (cron, zone, from, times) => {
    expect(clockTimes(cron, zone, from, 2)).toEqual(times)
  })
})

describe('on the day the clock goes back', () => {
  test.each([
    ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', ['2026-10-25 02:30', '2026-10-26 02:30']],
    [
      '*/20 2 * * *',
      'Europe/Berlin',
      '2026-10-25T00:10Z',
      ['2026-10-25 02:20', '2026-10-25 02:40', '2026-10-26 02:00'],
    ],
    ['30 1 * * *', 'America/New_York', '2026-10-31T12:00Z', ['2026-11-01 01:30', '2026-11-02 01:30']],
  ])('%p in %s: a time that comes twice counts once, the first time', (cron, zone, from, times) => {
    expect(clockTimes(cron, zone, from, times.length)).toEqual(times)
    const [first] = timesAfter(timetableOf('p', { cron, zone }), new Date(from), 'UTC')
    const second = new Date((first?.getTime() ?? 0) + 3_600_000)
    expect(clockTimes(cron, zone, second.toISOString(), 1)[0]).not.toStartWith(times[0]?.slice(0, 10) ?? '')
  })

  test('an hourly one runs in both of the hours that are called alike', () => {
    expect(clockTimes('30 * * * *', 'Europe/Berlin', '2026-10-24T23:00Z', 4)).toEqual([
      '2026-10-25 01:30',
      '2026-10-25 02:30',
      '2026-10-25 02:30',
      '2026-10-25 03:30',
    ])
  })
})

describe('in every zone', () => {
  const zone = fc.constantFrom(
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'America/St_Johns',
    'Africa/Casablanca',
    'Asia/Kolkata',
    'UTC',
  )
  const minute = fc.nat(59)
  const hour = fc.nat(23)

  test('a time of day comes exactly once on each of 400 days', () => {
    fc.assert(
      fc.property(zone, minute, hour, (zone, minute, hour) => {
        const timetable = timetableOf('p', { cron: `${minute} ${hour} * * *`, zone })
        const times = timesBetween(timetable, new Date('2026-01-01T12:00Z'), new Date('2027-02-05T12:00Z'), 'UTC')
        const calendar = new Intl.DateTimeFormat('sv-SE', { timeZone: zone })
        const days = times.map((at) => calendar.format(at))
        expect(new Set(days).size).toBe(times.length)
        expect(times.length).toBe(400)
      }),
      { numRuns: 40 },
    )
  })

  test('what comes after a moment does not depend on the moment', () => {
    const cron = fc.constantFrom('30 2 * * *', '*/20 2 * * *', '15 * * * *', '0,30 1-3 * * *', '59 1 * * sun')
    const change = fc.constantFrom(
      ['Europe/Berlin', '2027-03-28T01:00Z'],
      ['Europe/Berlin', '2026-10-25T01:00Z'],
      ['America/New_York', '2027-03-14T07:00Z'],
      ['America/New_York', '2026-11-01T06:00Z'],
      ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
    )
    fc.assert(
      fc.property(cron, change, fc.integer({ min: -180, max: 180 }), (cron, [zone = '', time = ''], minutes) => {
        const timetable = timetableOf('p', { cron, zone })
        const changed = Date.parse(time)
        const from = new Date(changed + minutes * 60_000)
        const week = timesBetween(timetable, new Date(changed - 86_400_000), new Date(changed + 8 * 86_400_000), 'UTC')
        const [next] = timesAfter(timetable, from, 'UTC')
        expect(next).toEqual(week.find((at) => at > from) ?? new Date(Number.NaN))
      }),
      { numRuns: 500 },
    )
  })

  test('an hourly one comes every hour, whatever the clock shows', () => {
    // Where an offset moves by half an hour, a minute of the hour does so too: the two where that is so are left out.
    fc.assert(
      fc.property(
        fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'UTC'),
        minute,
        (zone, minute) => {
          const timetable = timetableOf('p', { cron: `${minute} * * * *`, zone })
          const times = timesBetween(timetable, new Date('2026-01-01T12:00Z'), new Date('2026-12-31T12:00Z'), 'UTC')
          const gaps = new Set(times.slice(1).map((at, index) => at.getTime() - (times[index]?.getTime() ?? 0)))
          expect([...gaps]).toEqual([3_600_000])
        },
      ),
      { numRuns: 8 },
    )
  })
})
