import { statSync } from 'node:fs'
import { cannot, messageOf } from '../plan/problem.ts'
import { refusePlace } from '../report/place.ts'

const writable = 'a place that can be written'

/** Does `work`, which writes to `place`; what the system says against it becomes a Problem. */
export function writing<T>(place: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw cannot('write results', place, writable, messageOf(error), 'The journal has them all: see report.')
  }
}

/** Throws the Problem that writing the file whole would meet, as far as can be told before; makes nothing. */
export function refuseUnwritable(path: string, flag: string): void {
  const next = `Name another file with ${flag}`
  try {
    refusePlace(path)
  } catch (error) {
    throw cannot('write results', path, writable, messageOf(error), next)
  }
  const there = statSync(path, { throwIfNoEntry: false })
  if (there !== undefined && !there.isFile())
    throw cannot('write results', path, 'a file', there.isDirectory() ? 'a folder' : 'something else', next)
}
