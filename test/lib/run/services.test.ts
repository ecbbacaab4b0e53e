import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { messageOf, Problem } from '../../../lib/plan/problem.ts'
import type { Service } from '../../../lib/plan/service.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import type { Store } from '../../../lib/record/store.ts'
import { rigFor } from '../../rig.ts'

/** A service that says what happens to it. */
function noted(
  notes: string[],
  options: { readonly failures?: number; readonly broken?: 'start' | 'stop' | 'discard' } = {},
): Service<string> {
  let asked = 0
  return {
    name: 'store',
    start: async () => {
      notes.push('start')
      if (options.broken === 'start') throw new Error('port taken')
      return {
        client: 'client',
        detail: 'embedded, 127.0.0.1:1',
        ready: async () => {
          if (asked++ < (options.failures ?? 0)) throw new Error('not yet')
          notes.push('ready')
        },
        discard: async () => {
          notes.push('discard')
          if (options.broken === 'discard') throw new Error('access denied')
        },
        stop: async () => {
          notes.push('stop')
          if (options.broken === 'stop') throw new Error('it hangs')
        },
      }
    },
  }
}

describe('a service', () => {
  test('that tells of a GPU has the record name it, instead of what the machine says', async () => {
    const gpu = { name: 'SwiftShader · software', driver: '5.0.0' }
    const service = noted([])
    const rig = rigFor((plan) => {
      const store = plan.use({
        ...service,
        start: async (context) => ({ ...(await service.start(context)), gpu }),
      })
      plan.held('step', { needs: { store } })
    })
    const running = rig.run()
    ;(await rig.started('step')).finish()
    const result = await running
    if (result.kind !== 'ended') throw new Error(result.kind)
    expect(result.record.heading.environment).toMatchObject({ gpu: gpu.name, driver: gpu.driver })
  })

  test('that found nothing is recorded so', async () => {
    const service = noted([])
    const rig = rigFor((plan) => {
      const store = plan.use({
        ...service,
        start: async (context) => ({ ...(await service.start(context)), absent: true }),
      })
      plan.held('step', { needs: { store } })
    })
    const running = rig.run()
    ;(await rig.started('step')).finish()
    const result = await running
    if (result.kind !== 'ended') throw new Error(result.kind)
    expect(result.record.services.map(({ state, absent }) => [state, absent])).toEqual([
      ['starting', undefined],
      ['ready', true],
      ['stopped', undefined],
    ])
  })

  test('starts at its first user, once, is handed to each, and stops after its last', async () => {
    const notes: string[] = []
    const rig = rigFor((plan) => {
      const store = plan.use(noted(notes))
      const before = plan.held('before')
      const use = (name: string) =>
        plan.step({
          name,
          needs: { store, before },
          output: v.string(),
          run: ({ store }) => {
            notes.push(name)
            return store
          },
        })
      const users = [use('a'), use('b')]
      plan.held('after', { needs: { users } })
    })
    const running = rig.run()
    const before = await rig.started('before')
    await rig.idle()
    expect(notes).toEqual([])
    before.finish()
    const after = await rig.started('after')
    expect(notes).toEqual(['start', 'ready', 'a', 'b', 'stop'])
    after.finish()
    await running
  })

  test('is asked again until it is ready', async () => {
    const notes: string[] = []
    const rig = rigFor((plan) => {
      const store = plan.use(noted(notes, { failures: 3 }))
      plan.step({ name: 'use', needs: { store }, output: v.string(), run: ({ store }) => store })
    })
    const running = rig.run()
    for (let i = 0; i < 4; i++) {
      await rig.idle()
      rig.clock.tick(250)
    }
    expect(rig.outcomes(await running)).toEqual({ use: 'passed' })
    expect(notes.slice(0, 3)).toEqual(['start', 'ready', 'stop'])
  })

  test('that is not ready in time errs with the last reason, and is stopped', async () => {
    const notes: string[] = []
    const rig = rigFor((plan) => {
      const store = plan.use(noted(notes, { failures: Number.POSITIVE_INFINITY }))
      plan.step({ name: 'use', needs: { store }, output: v.string(), run: ({ store }) => store })
    })
    const running = rig.run()
    for (let i = 0; i < 140; i++) {
      await rig.idle()
      rig.clock.tick(250)
    }
    const result = await running
    expect(result).toMatchObject({ outcome: 'errored', exit: 2 })
    expect(result.kind === 'ended' && result.record.ended?.reason).toBe('store: It was not ready within 30 s: not yet')
    expect(rig.steps(result)[0]?.ended).toMatchObject({ outcome: 'skipped', reason: 'because store errored' })
    expect(notes).toEqual(['start', 'stop'])
  })

  test('that does not start errs itself; its users are skipped and others go on', async () => {
    const notes: string[] = []
    const rig = rigFor((plan) => {
      const store = plan.use(noted(notes, { broken: 'start' }))
      plan.step({ name: 'use', needs: { store }, output: v.string(), run: ({ store }) => store })
      plan.held('other')
    })
    const running = rig.run()
    ;(await rig.started('other')).finish()
    const result = await running
    expect(rig.outcomes(result)).toEqual({ use: 'skipped', other: 'passed' })
    expect(result).toMatchObject({ outcome: 'errored', exit: 2 })
  })

  test('that does not stop is named, and the run is errored', async () => {
    const rig = rigFor((plan) => {
      const store = plan.use(noted([], { broken: 'stop' }))
      plan.step({ name: 'use', needs: { store }, output: v.string(), run: ({ store }) => store })
    })
    const result = await rig.run()
    expect(result).toMatchObject({ outcome: 'errored', exit: 2 })
    expect(result.kind === 'ended' && result.record.ended?.reason).toBe('store: It did not stop: it hangs')
  })

  test.each([
    [3, 3],
    [0, undefined],
  ])('that had %p requests repeated has them in the record once it has stopped', async (retries, recorded) => {
    const rig = rigFor((plan) => {
      const service = noted([])
      const start = async (...given: Parameters<typeof service.start>) => ({
        ...(await service.start(...given)),
        retries: () => retries,
      })
      const store = plan.use({ ...service, start })
      plan.step({ name: 'use', needs: { store }, output: v.string(), run: ({ store }) => store })
    })
    const result = await rig.run()
    const stopped = result.kind === 'ended' ? result.record.services.at(-1) : undefined
    expect(stopped).toMatchObject({ name: 'store', state: 'stopped' })
    expect(stopped?.retries).toBe(recorded)
  })

  test.each([
    ['passed', {}, ['start', 'ready', 'stop', 'discard']],
    ['passed and is to be kept', { keep: true }, ['start', 'ready', 'stop']],
  ])('after a run that %s removes what it left, or does not', async (_, options, expected) => {
    const notes: string[] = []
    const rig = rigFor((plan) => {
      const store = plan.use(noted(notes))
      plan.step({ name: 'use', needs: { store }, output: v.string(), run: ({ store }) => store })
    })
    await rig.run(options)
    expect(notes).toEqual(expected)
  })

  test('after a run that failed leaves everything to look at', async () => {
    const notes: string[] = []
    const rig = rigFor((plan) => {
      const store = plan.use(noted(notes))
      plan.held('use', { needs: { store } })
    })
    const running = rig.run()
    ;(await rig.started('use')).fail(new Error('no'))
    await running
    expect(notes).toEqual(['start', 'ready', 'stop'])
  })

  test('that cannot remove what it left makes the run errored', async () => {
    const rig = rigFor((plan) => {
      const store = plan.use(noted([], { broken: 'discard' }))
      plan.step({ name: 'use', needs: { store }, output: v.string(), run: ({ store }) => store })
    })
    const result = await rig.run()
    expect(result).toMatchObject({ outcome: 'errored', exit: 2 })
    expect(result.kind === 'ended' && result.record.ended?.reason).toBe(
      'store: It did not remove what it left: access denied',
    )
  })

  test('keeps the keys it made out of every record', async () => {
    const rig = rigFor((plan) => {
      const store = plan.use({
        name: 'store',
        start: async ({ secret }) => {
          secret('made-for-this-run')
          return { client: 'made-for-this-run', detail: '', ready: async () => {}, stop: async () => {} }
        },
      })
      plan.step({
        name: 'print',
        needs: { store },
        output: v.string(),
        run: ({ store }, { log }) => {
          log(`the key is ${store}`)
          return store
        },
      })
    })
    const result = await rig.run()
    expect(rig.events).toContainEqual({ event: 'log', step: 'print', line: 'the key is ***' })
    expect(rig.steps(result)[0]?.ended?.output).toBe('***')
  })

  test('nobody needs in this run is never started', async () => {
    const notes: string[] = []
    const rig = rigFor((plan) => {
      const store = plan.use(noted(notes))
      plan.step({ name: 'use', needs: { store }, output: v.string(), run: ({ store }) => store })
      plan.step({ name: 'other', output: v.string(), run: () => 'x' })
    })
    await rig.run({ selection: { kind: 'only', names: ['other'] } })
    expect(notes).toEqual([])
  })

  test('is stopped too when the run can no longer be recorded, however long that takes', async () => {
    const notes: string[] = []
    const slow = Promise.withResolvers<void>()
    const memory = memoryStore()
    const full: Store = {
      ...memory,
      create: (plan, run) => {
        const files = memory.create(plan, run)
        const append = (lines: string) => {
          if (lines.includes('too much')) slow.resolve()
          if (lines.includes('too much') || lines.includes('stopped'))
            throw new Problem('Cannot record: the disk is full')
          files.append(lines)
        }
        return { ...files, append }
      },
    }
    const rig = rigFor(
      (plan) => {
        const stores = ['quick', 'slow'].map((name) =>
          plan.use({
            name,
            start: async () => ({
              client: name,
              detail: 'here',
              ready: async () => {},
              stop: async () => {
                if (name === 'slow') await slow.promise.then(() => Bun.sleep(20))
                notes.push(name)
              },
            }),
          }),
        )
        plan.step({ name: 'use', needs: { stores }, output: v.string(), run: () => 'too much' })
      },
      {},
      full,
    )
    expect(await rig.run().catch(messageOf)).toBe('Cannot record: the disk is full')
    expect(notes).toEqual(['quick', 'slow'])
  })
})

describe('a precondition that takes time', () => {
  const slow = (answer: (signal: AbortSignal | undefined) => Promise<void>) => {
    const notes: string[] = []
    const rig = rigFor((plan) => {
      const used = plan.use({ ...noted(notes), precondition: (_, signal) => answer(signal) })
      const unused = plan.use({ ...noted(notes), name: 'unused', precondition: () => void notes.push('asked in vain') })
      plan.step({ name: 'first', output: v.string(), run: () => 'first' })
      plan.step({ name: 'use', needs: { used }, output: v.string(), run: ({ used }) => used })
      plan.step({ name: 'other', needs: { unused }, output: v.string(), run: ({ unused }) => unused })
    })
    return { rig, notes }
  }
  const selection = { kind: 'only', names: ['first', 'use'] } as const

  test('is waited for, and what it rejects with is said before a run is begun', async () => {
    const { rig, notes } = slow(() => Promise.reject(new Problem('there is no disk')))
    expect(await rig.run({ selection }).catch(String)).toBe('Problem: there is no disk')
    expect([notes, rig.events, rig.store.runs('rigged')]).toEqual([[], [], []])
  })

  test('once it resolves, the run goes on', async () => {
    const { rig, notes } = slow(() => Bun.sleep(5))
    expect(rig.outcomes(await rig.run({ selection }))).toMatchObject({ first: 'passed', use: 'passed' })
    expect(notes).toEqual(['start', 'ready', 'stop', 'discard'])
  })

  test('hears that the run is to stop, and then the run ends as an interrupted one does', async () => {
    const controller = new AbortController()
    const { rig, notes } = slow((signal) => {
      controller.abort(new Problem('no longer wanted'))
      return Promise.reject(signal?.reason ?? new Error('it was given no signal'))
    })
    const result = await rig.run({ selection, signal: controller.signal })
    expect([result.kind === 'ended' && result.outcome, notes]).toEqual(['aborted', []])
  })
})
