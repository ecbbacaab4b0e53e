import { describe, expect, test } from 'bun:test'
import { memoryStore } from '../../../lib/record/memory.ts'
import type { Store } from '../../../lib/record/store.ts'
import { rigFor } from '../../rig.ts'

describe('scheduling', () => {
  test('a step starts as soon as its own needs are met, whatever else still runs', async () => {
    const rig = rigFor((plan) => {
      const quick = plan.held('quick')
      plan.held('slow')
      plan.held('after quick', { needs: { quick } })
    })
    const result = rig.run()
    ;(await rig.started('quick')).finish()
    const after = await rig.started('after quick')
    expect(rig.open()).toEqual(['slow', 'after quick'])
    after.finish()
    ;(await rig.started('slow')).finish()
    expect((await result).kind).toBe('ended')
  })

  test('a step waits for every one of its needs, arrays included', async () => {
    const rig = rigFor((plan) => {
      const parts = [plan.held('a'), plan.held('b')]
      plan.held('both', { needs: { parts } })
    })
    const result = rig.run()
    ;(await rig.started('a')).finish()
    await rig.idle()
    expect(rig.open()).toEqual(['b'])
    ;(await rig.started('b')).finish()
    ;(await rig.started('both')).finish()
    await result
  })

  test('at most `jobs` run at once', async () => {
    const rig = rigFor((plan) => {
      for (const name of ['a', 'b', 'c']) plan.held(name)
    })
    const result = rig.run({ jobs: 2 })
    await rig.idle()
    expect(rig.open()).toEqual(['a', 'b'])
    ;(await rig.started('a')).finish()
    await rig.started('c')
    expect(rig.open()).toEqual(['b', 'c'])
    for (const name of ['b', 'c']) (await rig.started(name)).finish()
    await result
  })

  test('an exclusive step runs alone, and those after it wait', async () => {
    const rig = rigFor((plan) => {
      plan.held('before')
      plan.held('alone', { exclusive: 'alone' })
      plan.held('after')
    })
    const result = rig.run()
    await rig.idle()
    expect(rig.open()).toEqual(['before'])
    ;(await rig.started('before')).finish()
    const alone = await rig.started('alone')
    await rig.idle()
    expect(rig.open()).toEqual(['alone'])
    alone.finish()
    ;(await rig.started('after')).finish()
    await result
  })

  test('no more of a slot is taken than there is, and others pass by', async () => {
    const rig = rigFor(
      (plan) => {
        plan.held('one', { slots: { gpu: 1 } })
        plan.held('two', { slots: { gpu: 2 } })
        plan.held('none')
      },
      { slots: { gpu: 2 } },
    )
    const result = rig.run()
    await rig.idle()
    expect(rig.open()).toEqual(['one', 'none'])
    ;(await rig.started('one')).finish()
    ;(await rig.started('two')).finish()
    ;(await rig.started('none')).finish()
    await result
  })

  test('who waits for a slot is not overtaken by those who come later', async () => {
    const rig = rigFor(
      (plan) => {
        const first = plan.held('first', { slots: { gpu: 1 } })
        plan.held('both', { slots: { gpu: 2 } })
        const free = plan.held('free')
        plan.held('late', { needs: { free }, slots: { gpu: 1 } })
        plan.held('last', { needs: { first } })
      },
      { slots: { gpu: 2 } },
    )
    const result = rig.run()
    ;(await rig.started('free')).finish()
    await rig.idle()
    expect(rig.open()).toEqual(['first'])
    ;(await rig.started('first')).finish()
    await rig.idle()
    expect(rig.open()).toEqual(['both', 'last'])
    ;(await rig.started('both')).finish()
    ;(await rig.started('late')).finish()
    ;(await rig.started('last')).finish()
    await result
  })

  test('a step waits until what it builds on is safe on disk, an independent one does not', async () => {
    const store = memoryStore()
    const syncs: (() => void)[] = []
    let holding = false
    const slow: Store = {
      ...store,
      create: (plan, run) => ({
        ...store.create(plan, run),
        sync: () => (holding ? new Promise((resolve) => void syncs.push(resolve)) : Promise.resolve()),
      }),
    }
    const rig = rigFor(
      (plan) => {
        const first = plan.held('first')
        plan.held('next', { needs: { first } })
        plan.held('other')
      },
      {},
      slow,
    )
    const result = rig.run({ jobs: 1 })
    const first = await rig.started('first')
    holding = true
    first.finish()
    await rig.started('other')
    await rig.idle()
    expect(rig.open()).toEqual(['other'])
    ;(await rig.started('other')).finish()
    await rig.idle()
    expect(rig.open()).toEqual([])
    holding = false
    for (const sync of syncs) sync()
    ;(await rig.started('next')).finish()
    await result
  })
})
