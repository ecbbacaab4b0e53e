import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { type Course, killOf, victims } from '../../../lib/torture/kills.ts'

const course = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.nat(9)), { minLength: 2, maxLength: 40 })
  .map((lines): Course => {
    let at = 0
    const times = lines.map(([gap]) => (at += gap))
    return {
      lines: times,
      ms: at + 50,
      births: lines.length,
      writes: [0, ...lines.map(([, count]) => count)],
      serving: [1],
    }
  })

test('kills go through every victim, every kind of moment and, killing enough, every line', () => {
  fc.assert(
    fc.property(course, fc.nat(1e6), (course, seed) => {
      const count = victims.length * 4 * (course.lines.length + 1)
      const kills = Array.from({ length: count }, (_, index) => killOf(index, 0, seed, course, victims))
      for (const victim of victims) expect(kills.filter((kill) => kill.victim === victim).length).toBe(count / 6)
      for (const kind of ['line', 'between', 'birth', 'write'])
        expect(kills.filter(({ moment }) => moment.kind === kind).length).toBe(count / 4)
      const lines = new Set(kills.flatMap(({ moment }) => (moment.kind === 'line' ? [moment.line] : [])))
      expect([...lines].sort((a, b) => a - b)).toEqual([...Array(course.lines.length + 1).keys()])
    }),
    { numRuns: 50 },
  )
})

test('the same seed gives the same kills, whatever was killed before', () => {
  fc.assert(
    fc.property(course, fc.nat(1e6), fc.nat(1000), fc.nat(11), (course, seed, index, attempt) => {
      const kill = killOf(index, attempt, seed, course, victims)
      expect(killOf(index, attempt, seed, course, victims)).toEqual(kill)
      expect(kill.victim).toBe(victims[index % victims.length] ?? 'runner')
    }),
  )
})

test('a moment lies in the run: at a line it had, no later than the next, at a write that was seen', () => {
  fc.assert(
    fc.property(course, fc.nat(1e6), fc.nat(1000), fc.nat(11), (course, seed, index, attempt) => {
      const { moment } = killOf(index, attempt, seed, course, victims)
      if (moment.kind === 'birth') return moment.nth >= 1 && moment.nth <= course.births
      if (moment.line < 0 || moment.line > course.lines.length) return false
      if (moment.kind === 'between') {
        const [from = 0, to = course.ms] = [course.lines[moment.line - 1], course.lines[moment.line]]
        return moment.afterMs <= Math.max(1, to - from)
      }
      return moment.kind === 'line' || moment.nth <= Math.max(1, course.writes[moment.line] ?? 0)
    }),
  )
})

test('a service that was not up at first is killed while it is', () => {
  const course: Course = { lines: [5, 90, 100, 200], ms: 210, births: 3, writes: [0], serving: [2, 3] }
  for (let attempt = 1; attempt < 12; attempt++) {
    const { moment } = killOf(0, attempt, 7, course, ['service'])
    expect(moment.kind === 'between' && [2, 3].includes(moment.line)).toBe(true)
  }
})
