import { cannot, messageOf } from '../plan/problem.ts'

/** Does `work`, which writes to `place`; what the system says against it becomes a Problem. */
export function writing<T>(place: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw cannot(
      'write results',
      place,
      'a place that can be written',
      messageOf(error),
      'The journal has them all: see report.',
    )
  }
}
