import { afterAll, describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { victims } from '../../../lib/torture/kills.ts'
import { type Repository, removeRepositories } from '../cli/helpers.ts'
import { inProcess } from '../cli/in-process.ts'
import { forgetful, honest, leaking, tampering, tortured } from './plans.ts'

afterAll(removeRepositories)

const linux = process.platform === 'linux'

const Found = v.object({
  kills: v.number(),
  right: v.number(),
  lost: v.number(),
  orphans: v.number(),
  falseGreens: v.number(),
  torn: v.number(),
  done: v.array(v.object({ findings: v.record(v.string(), v.array(v.string())) })),
})

async function torture(repo: Repository, plan: string, ...words: readonly string[]) {
  const { exit, out, err } = await inProcess('torture', repo.dir, [plan, '--seed', '1', '--json', ...words])
  if (out === '') throw new Error(err)
  const { done, ...found } = v.parse(Found, JSON.parse(out))
  return { exit, found, sentences: done.flatMap(({ findings }) => Object.values(findings).flat()) }
}

describe.skipIf(!linux)('a plan with programs and a service', () => {
  test('comes through the death of each of its processes as if nothing had been', async () => {
    const kills = 3 * victims.length
    const { exit, found, sentences } = await torture(tortured('honest', honest), 'honest', '--kills', String(kills))
    expect(sentences).toEqual([])
    expect(found).toEqual({ kills, right: kills, lost: 0, orphans: 0, falseGreens: 0, torn: 0 })
    expect(exit).toBe(0)
  }, 240_000)

  test.each(['TERM', 'INT', 'HUP'])(
    'ends in order on SIG%s',
    async (signal) => {
      const words = ['--signal', signal, '--kills', '3', '--victims', 'runner,wrapper,group']
      const { exit, sentences } = await torture(tortured('honest', honest), 'honest', ...words)
      expect(sentences).toEqual([])
      expect(exit).toBe(0)
    },
    240_000,
  )
})

describe.skipIf(!linux)('what goes wrong is seen, and makes it exit 1:', () => {
  test.each<[what: string, kind: 'orphans' | 'lost' | 'torn', body: string, sentence: RegExp]>([
    ['a program that hides from Assay', 'orphans', leaking, /^\d+: sleep 20$/],
    ['a result that is not reused', 'lost', forgetful, /^make: it had passed, and was not reused \(/],
    [
      'a result that changes',
      'lost',
      tampering('.replace(\'"output":1\', \'"output":7\')'),
      /^line \d+ of the journal is/,
    ],
    [
      'a line that is gone',
      'lost',
      tampering(".replace(/.*step-ended.*make.*\\n/, '')"),
      /^line \d+ of the journal is not/,
    ],
    [
      'a line that is torn',
      'torn',
      tampering(".replace('\\n', ' half a\\n')"),
      /^after the resume: Cannot read a journal/,
    ],
  ])(
    '%s',
    async (_, kind, body, sentence) => {
      const words = ['--kills', '8', '--victims', 'runner']
      const { exit, found, sentences } = await torture(tortured('wrong', body), 'wrong', ...words)
      expect(found[kind]).toBeGreaterThan(0)
      expect(sentences).toContainEqual(expect.stringMatching(sentence))
      expect(exit).toBe(1)
    },
    240_000,
  )
})
