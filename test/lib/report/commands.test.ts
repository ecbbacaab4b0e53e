import { expect, test } from 'bun:test'
import type { MetricRecord, Outcome } from '../../../lib/record/event.ts'
import { baselineCommand } from '../../../lib/report/commands.ts'
import { recorded, runEnded, started, stepEnded } from './events.ts'

const metric: MetricRecord = { name: 'time', unit: 's', better: 'lower', samples: [1, 2], verdict: 'recorded' }
const commandAfter = (because: string | undefined, outcome: Outcome, again: string) =>
  baselineCommand(
    recorded(
      started([['measure', 'm']], { again }),
      stepEnded('m', outcome, { metrics: [{ ...metric, ...(because !== undefined && { because }) }] }),
      runEnded(outcome),
    ),
  )
const none = 'there is no baseline yet'

test('a run that passed and lacked a baseline can be made it, as commands are called where it ran', () => {
  expect(commandAfter(none, 'passed', 'bun run plan small')).toBe('bun run baseline set 20261121-071602-k3x9')
  expect(commandAfter(none, 'passed', 'bunx assay plan small --dir elsewhere')).toBe(
    'bunx assay baseline set 20261121-071602-k3x9 --dir elsewhere',
  )
  expect(commandAfter(undefined, 'passed', 'bun run plan small')).toBeUndefined()
  expect(commandAfter(none, 'failed', 'bun run plan small')).toBeUndefined()
})
