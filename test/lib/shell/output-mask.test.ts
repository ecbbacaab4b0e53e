import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { maskOf } from '../../../lib/record/mask.ts'
import { startProcess } from '../../../lib/shell/process.ts'

// A busy machine takes its time to start a program.
setDefaultTimeout(120_000)

const folder = mkdtempSync(join(tmpdir(), 'assay-output-mask-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const secret = 'first line of it\nand "the" second'

/** Prints a secret on both streams by turns, a byte at a time. */
const program = `
const { writeSync } = require('node:fs')
const text = Buffer.from(process.env.TEXT)
for (let at = 0; at < text.length; at++)
  for (const fd of [1, 2]) { writeSync(fd, text.subarray(at, at + 1)); Bun.sleepSync(1) }
`

test('a secret that comes a byte at a time on both streams is in no line, not in the log and not in its end', async () => {
  const log = join(folder, 'log')
  const lines: string[] = []
  const text = `a ${secret} b\n${JSON.stringify({ secret })}\nends in ${secret.slice(0, 20)}`
  const running = startProcess([process.execPath, '-e', program], {
    cwd: folder,
    env: { PATH: process.env.PATH, TEXT: text },
    grace: 5000,
    log,
    onLine: (line) => lines.push(line),
    mask: maskOf({}, [secret]),
  })
  expect(await running.done).toEqual({ kind: 'exited', code: 0 })
  const shown = ['a *** b', '{"secret":"***"}', 'ends in ***']
  expect([...lines].sort()).toEqual(shown.flatMap((line) => [line, line]).sort())
  expect([...running.lastLines(10)].sort()).toEqual([...lines].sort())
  expect(readFileSync(log, 'utf8')).not.toMatch(/line|second|the/)
})

test('of a log that was cut off the end is masked as well, also a line that is too long to be kept', async () => {
  const log = join(folder, 'cut')
  const script = 'for i in $(seq 2000); do echo "$i $S"; done; printf "%070000d" 0; echo "$S"'
  const running = startProcess(script, {
    cwd: folder,
    env: { PATH: process.env.PATH, S: 'not-to-be-seen' },
    grace: 5000,
    log,
    logLimit: 1000,
    mask: maskOf({}, ['not-to-be-seen']),
  })
  await running.done
  const text = readFileSync(log, 'utf8')
  expect(text).toContain('bytes left out')
  expect(text).toContain('2000 ***')
  expect(text).not.toContain('not-to-be')
})
