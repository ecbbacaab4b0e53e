import { smallKernels } from '../benchmarks/gpu/kernels.ts'
import { definePlan, integer, text } from '../lib/index.ts'
import { adapterParam } from '../tasks/gpu/params.ts'
import { gpu, present } from '../tasks/gpu/service.ts'
import { CardSeen, Computed, computeEach, judgeCard, judgeComputed, seeCard } from '../tasks/gpu/smoke.ts'

export default definePlan(
  {
    name: 'gpu-smoke',
    kind: 'smoke',
    title: 'The GPU is there, is what it should be, and computes right',
    tags: ['gpu'],
    params: {
      adapter: adapterParam(),
      driver: text('', 'a part of the driver that is expected (default: any)'),
      memory: integer(
        0,
        'GB of memory that it should have (default: what is published of the card, where that is known)',
      ),
    },
  },
  (plan, { adapter, driver, memory }) => {
    const card = plan.use(gpu(adapter))

    const seen = plan.step({
      name: 'look at the card',
      needs: { card },
      output: CardSeen,
      skipUnless: ({ card }) => present(card),
      run: ({ card }, context) => seeCard(card, context),
    })
    plan.check({
      name: 'driver, memory and switches are as expected',
      needs: { seen },
      run: ({ seen }) => judgeCard(seen, { driver, memory }),
    })

    const computed = plan.step({
      name: 'compute with each kernel',
      needs: { card },
      output: Computed,
      skipUnless: ({ card }) => present(card),
      run: ({ card }, context) => computeEach(card, smallKernels, context),
    })
    plan.check({
      name: 'every kernel computes right',
      needs: { computed },
      run: ({ computed }) => judgeComputed(computed),
    })
  },
)
