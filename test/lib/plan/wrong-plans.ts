import * as v from 'valibot'
import {
  atLeast,
  atMost,
  definePlan,
  equal,
  higher,
  integer,
  lower,
  noWorseThanBaseline,
  quantity,
  type Service,
  timesOf,
} from '../../../lib/index.ts'

// Never run: each line under an expectation is a mistake that must not compile, and each plan around it one that must.

const counter: Service<{ count(): number }> = {
  name: 'counter',
  start: async () => ({ client: { count: () => 1 }, detail: '', ready: async () => {}, stop: async () => {} }),
}

export const wrongPlans = definePlan(
  { name: 'wrong', kind: 'smoke', title: 'Wrong on purpose', params: { images: integer(3, 'How many') } },
  (plan, params) => {
    const service = plan.use(counter)
    const numbers = plan.step({ name: 'numbers', output: v.array(v.number()), run: () => [1, params.images] })
    const dated = plan.step({
      name: 'dated',
      output: v.pipe(
        v.string(),
        v.transform((text) => new Date(text)),
      ),
      run: () => '2026-11-21',
    })

    plan.step({
      name: 'right',
      needs: { service, numbers, dated, both: [numbers, numbers] },
      output: v.object({ total: v.number(), note: v.optional(v.string()) }),
      run: ({ service, numbers, dated, both }, { signal, run }) => {
        const [first] = both
        return {
          total: service.count() + (numbers[0] ?? 0) + dated.getTime() + first.length,
          note: run + signal.aborted,
        }
      },
    })

    // @ts-expect-error: a step needs a name
    plan.step({ output: v.number(), run: () => 1 })
    // @ts-expect-error: a step's output has a schema
    plan.step({ name: 'no schema', run: () => 1 })
    // @ts-expect-error: the function returns what the schema says
    plan.step({ name: 'wrong output', output: v.number(), run: () => 'one' })
    // @ts-expect-error: an asynchronous function too
    plan.step({ name: 'wrong promise', output: v.number(), run: async () => 'one' })
    // @ts-expect-error: a Date is not JSON
    plan.step({ name: 'date', output: v.date(), run: () => new Date() })
    // @ts-expect-error: nor is one inside an object
    plan.step({ name: 'inner date', output: v.object({ at: v.date() }), run: () => ({ at: new Date() }) })
    // @ts-expect-error: nor a bigint
    plan.step({ name: 'bigint', output: v.bigint(), run: () => 1n })
    // @ts-expect-error: nor a function
    plan.step({ name: 'function', output: v.function(), run: () => () => {} })
    // @ts-expect-error: a field that is missing
    plan.step({ name: 'missing field', output: v.object({ a: v.number() }), run: () => ({}) })
    // @ts-expect-error: needs are handles
    plan.step({ name: 'no handle', needs: { numbers: [1, 2] }, output: v.number(), run: () => 1 })
    // @ts-expect-error: a need by a name that was not declared
    plan.step({ name: 'unknown need', needs: { numbers }, output: v.number(), run: ({ number }) => number })
    // @ts-expect-error: what is handed on has its type
    plan.step({ name: 'wrong need', needs: { numbers }, output: v.string(), run: ({ numbers }) => numbers })
    // @ts-expect-error: an array of handles becomes an array of outputs
    plan.step({ name: 'array', needs: { both: [numbers] }, output: v.number(), run: ({ both }) => both.length + both })
    // @ts-expect-error: a service gives its client, not its record
    plan.step({ name: 'client', needs: { service }, output: v.number(), run: ({ service }) => service.detail })
    // @ts-expect-error: parameters have their types
    plan.step({ name: 'param', output: v.string(), run: () => params.images })
    // @ts-expect-error: and no others exist
    plan.step({ name: 'unknown param', output: v.number(), run: () => params.image })
    // @ts-expect-error: a duration has a unit
    plan.step({ name: 'timeout', timeout: '30', output: v.number(), run: () => 1 })
    // @ts-expect-error: and one that is known
    plan.step({ name: 'timeout unit', timeout: '3 fortnights', output: v.number(), run: () => 1 })
    // @ts-expect-error: an option that does not exist
    plan.step({ name: 'option', tiemout: '3 s', output: v.number(), run: () => 1 })
    // @ts-expect-error: a check returns findings
    plan.check({ name: 'boolean', run: () => true })
    // @ts-expect-error: both sides of an equality have one type
    plan.check({ name: 'sides', run: () => [equal('count', 1, 'one')] })
    // @ts-expect-error: a check that forgets to return
    plan.check({ name: 'nothing', run: () => {} })

    plan.measure({
      name: 'right measure',
      metrics: { rate: higher('img/s', atLeast(40, 'img/s')), time: lower('ms', atMost(20, 'ms')) },
      run: () => ({ rate: quantity(41, 'img/s'), time: quantity(3, 'ms') }),
    })
    plan.measure({
      name: 'wrong unit',
      metrics: { rate: higher('img/s') },
      // @ts-expect-error: a sample in another unit
      run: () => ({ rate: quantity(41, 'ms') }),
    })
    plan.measure({
      name: 'bare number',
      metrics: { rate: higher('img/s') },
      // @ts-expect-error: a number without a unit
      run: () => ({ rate: 41 }),
    })
    plan.measure({
      name: 'missing metric',
      metrics: { rate: higher('img/s'), time: lower('ms') },
      // @ts-expect-error: a metric without a sample
      run: () => ({ rate: quantity(41, 'img/s') }),
    })
    plan.measure({
      name: 'wrong reference',
      // @ts-expect-error: a reference in another unit
      metrics: { rate: higher('img/s', atLeast(40, 'ms')) },
      run: () => ({ rate: quantity(41, 'img/s') }),
    })
    const bare = plan.measure({
      name: 'right variants',
      metrics: {
        time: lower('s', timesOf('time[1]', { atMost: 4 })),
        memory: lower('MB', noWorseThanBaseline(1.1), { quantile: 0.9 }),
      },
      variants: ['1', '5'],
      derived: { 'one more': { ...lower('s', atMost(1, 's')), from: ({ time }) => (time['5'] - time['1']) / 4 } },
      minSamples: 6,
      maxSamples: 100,
      precision: 0.01,
      budget: '10 s',
      warmup: 'steady',
      run: async (_, { time, variant, round }) => {
        const { seconds, value } = await time(async () => Number(variant) + round)
        return { time: quantity(seconds, 's'), memory: quantity(value, 'MB') }
      },
    })
    plan.check({
      name: 'samples of variants',
      needs: { bare },
      run: ({ bare }) => [equal('n', bare.time['1'].length, bare['one more'].length)],
    })
    plan.check({
      name: 'unknown variant',
      needs: { bare },
      // @ts-expect-error: a variant that was not declared
      run: ({ bare }) => [equal('n', bare.time['3'].length, 10)],
    })
    plan.measure({
      name: 'unknown variant in a derived metric',
      metrics: { time: lower('s') },
      variants: ['1', '5'],
      // @ts-expect-error: a variant that was not declared
      derived: { more: { ...lower('s'), from: ({ time }) => time['5'] - time['2'] } },
      run: () => ({ time: quantity(1, 's') }),
    })
    plan.measure({
      name: 'derived of an unknown metric',
      metrics: { time: lower('s') },
      // @ts-expect-error: a metric that was not declared
      derived: { more: { ...lower('s'), from: ({ memory }) => memory } },
      run: () => ({ time: quantity(1, 's') }),
    })
    plan.measure({
      name: 'no variants',
      metrics: { time: lower('s') },
      // @ts-expect-error: a measure without variants has none to ask for
      run: (_, { variant }) => ({ time: quantity(variant.length, 's') }),
    })
    // @ts-expect-error: a fixed number of samples leaves nothing to choose
    plan.measure({
      name: 'fixed and not',
      metrics: { time: lower('s') },
      samples: 5,
      maxSamples: 10,
      run: () => ({ time: quantity(1, 's') }),
    })
    plan.measure({
      name: 'budget',
      metrics: { time: lower('s') },
      // @ts-expect-error: a budget has a unit
      budget: 30,
      run: () => ({ time: quantity(1, 's') }),
    })
    plan.measure({
      name: 'warm-up',
      metrics: { time: lower('s') },
      // @ts-expect-error: a warm-up is counted, or until steady
      warmup: 'long',
      run: () => ({ time: quantity(1, 's') }),
    })
    plan.measure({
      name: 'wrong ratio',
      // @ts-expect-error: a ratio has a bound
      metrics: { time: lower('s', timesOf('bare.time', {})) },
      run: () => ({ time: quantity(1, 's') }),
    })
  },
)

// @ts-expect-error: a plan has a kind
definePlan({ name: 'no-kind', title: 'No kind' }, () => {})
// @ts-expect-error: one of three
definePlan({ name: 'kind', kind: 'unit', title: 'Another kind' }, () => {})
// @ts-expect-error: parameters are parameters
definePlan({ name: 'params', kind: 'smoke', title: 'Params', params: { images: 3 } }, () => {})
