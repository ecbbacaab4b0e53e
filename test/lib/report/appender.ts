// Started by a test, several at once: appends runs of two steps to one file, and says a line after each.
import { writeSync } from 'node:fs'
import { appendCsv } from '../../../lib/report/append-csv.ts'
import { recorded, runEnded, started, stepEnded } from './events.ts'

const [path = '', who = '', times = '0'] = process.argv.slice(2)
for (let index = 0; index < Number(times); index++) {
  const heading = started(
    [
      ['step', 'one'],
      ['step', 'two'],
    ],
    { run: `${who}-${index}` },
  )
  appendCsv(path, recorded(heading, stepEnded('one', 'passed'), stepEnded('two', 'passed'), runEnded('passed')))
  writeSync(1, `${index}\n`)
}
