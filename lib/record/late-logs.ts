import { appendFileSync, closeSync, constants, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

/** To that very file, and not to what a link in its place leads to. */
const appendHere = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW

/**
 * Lines for log files, written a moment after they came: a new file makes the journal's next sync twice as long, so steps
 * that end together share that too.
 */
export function lateLogs() {
  const soonMs = 100
  const most = 64 * 1024
  let pending = new Map<string, string>()
  let size = 0
  let timer: Timer | undefined
  let broken: unknown

  function write(): void {
    clearTimeout(timer)
    timer = undefined
    const texts = pending
    pending = new Map()
    size = 0
    for (const [path, text] of texts) {
      mkdirSync(dirname(path), { recursive: true })
      const fd = openSync(path, appendHere)
      try {
        appendFileSync(fd, text)
      } finally {
        closeSync(fd)
      }
    }
  }

  return {
    add(path: string, text: string): void {
      if (broken !== undefined) throw broken
      pending.set(path, (pending.get(path) ?? '') + text)
      size += text.length
      if (size > most) write()
      else
        timer ??= setTimeout(() => {
          try {
            write()
          } catch (error) {
            broken = error // for whoever logs next
          }
        }, soonMs)
    },
    write,
  }
}
