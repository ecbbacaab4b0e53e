import { type Task, tasks } from './job.ts'

/** The tasks that a JUnit document has as passed: a case of that name (or `test_` and it) without failure, error or skipped. */
export function passedIn(junit: string): readonly Task[] {
  const cases = [...junit.matchAll(/<testcase\b([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs)]
  const good = cases.filter(([, , inner = '']) => !/<(failure|error|skipped)\b/.test(inner))
  const names = good.map(([, attributes = '']) => attributes.match(/\bname="(?:test_)?([^"]*)"/)?.[1])
  return tasks.filter((task) => names.includes(task))
}
