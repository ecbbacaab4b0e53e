import { cannot } from '../plan/problem.ts'

// Bun.cron writes crontab lines too, but only of a module: without arguments, PATH or log.

/**
 * The crontab `text` with `lines` in place of the block that is marked with `root`, or without it for no lines; every other
 * line stays as it is. Throws a Problem for a block whose end is gone: what follows it may be somebody's.
 */
export function withBlock(text: string, root: string, lines: readonly string[]): string {
  const [begin, end] = marks(root)
  const block = lines.length === 0 ? [] : [begin, ...lines, end]
  const { all, from, until } = blockIn(text, root)
  const changed = from === -1 ? [...all, ...block] : [...all.slice(0, from), ...block, ...all.slice(until + 1)]
  return changed.map((line) => `${line}\n`).join('')
}

/** The lines of `text`, and of which to which of them the block goes, its marks included; -1 and -1 where there is none. */
function blockIn(text: string, root: string) {
  const [begin, end] = marks(root)
  const all = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  const from = all.findIndex((line) => line.startsWith(begin))
  const until = from === -1 ? -1 : all.findIndex((line, index) => index > from && line.startsWith(end))
  if (from !== -1 && until === -1)
    throw cannot('change the crontab', begin, `followed by ${end}`, 'the only mark', 'Mend it: crontab -e')
  return { all, from, until }
}

// Quoted, so that no repository's mark begins as another's does.
function marks(root: string): readonly [string, string] {
  return [`# assay begin ${JSON.stringify(root)}`, `# assay end ${JSON.stringify(root)}`]
}

/**
 * A word of a command in a crontab, where `%` means the end of a line unless a backslash stands before it. Some daemons take
 * that backslash away and some leave it to the shell, some make one of two: outside of quotes, and never two, it is all one.
 */
export function crontabWord(word: string): string {
  if (/^[\w@+=:,./-]+$/.test(word)) return word
  if (/[\n\r\0]/.test(word)) throw cannot('write the crontab', 'a command', 'one line', word)
  const apart = word.replace(/['%\\]/g, (char) => (char === '\\' ? "\\''" : `'\\${char}'`))
  return `'${apart}'`
}

const nicknames: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
}
const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const weekdays = 'sun mon tue wed thu fri sat'.split(' ')

/** A cron expression in numbers alone, which every cron daemon reads. */
export function numericCron(cron: string): string {
  const named = nicknames[cron]
  if (named !== undefined) return named
  const [minute, hour, day, month = '', weekday = ''] = cron.toLowerCase().split(' ')
  const number = (names: readonly string[], first: number) => (name: string) => String(names.indexOf(name) + first)
  const inNumbers = [month.replace(/[a-z]+/g, number(months, 1)), weekday.replace(/[a-z]+/g, number(weekdays, 0))]
  return [minute, hour, day, ...inNumbers].join(' ')
}

/** The words of the commands in the block that is marked with `root`, as the shell takes them. */
export function wordsInBlock(text: string, root: string): readonly string[] {
  const { all, from, until } = blockIn(text, root)
  const words = all.slice(from + 1, until).flatMap((line) => line.match(/(?:[^\s'\\]|'[^']*'|\\.)+/g) ?? [])
  return words.map((word) => word.replace(/'([^']*)'|\\(.)/g, (_, quoted = '', escaped = '') => quoted + escaped))
}

/** The user's crontab; empty when there is none. Throws a Problem where there is no such program or it refuses. */
export function readCrontab(): string {
  const { exitCode, stdout, stderr } = crontab(['-l'], '')
  if (exitCode === 0) return stdout
  if (/no crontab|no such file/i.test(stderr)) return ''
  throw cannot('read the crontab', 'crontab -l', 'allowed to this user', stderr.trim() || `exit code ${exitCode}`)
}

/** Replaces it; an empty one goes altogether, as it was before somebody wrote the first line. */
export function writeCrontab(text: string): void {
  const flag = text === '' ? '-r' : '-'
  const { exitCode, stderr } = crontab([flag], text)
  if (exitCode !== 0)
    throw cannot('write the crontab', `crontab ${flag}`, 'taken', stderr.trim() || `exit code ${exitCode}`)
}

function crontab(args: readonly string[], stdin: string) {
  const program = Bun.which('crontab')
  if (program === null)
    throw cannot(
      'change the schedule',
      'crontab',
      'a program on PATH',
      'none',
      'Install cron, or let what starts things here ask every 15 minutes: schedule due --run',
    )
  const { exitCode, stdout, stderr } = Bun.spawnSync([program, ...args], {
    stdin: Buffer.from(stdin),
    env: { ...process.env, LC_ALL: 'C' },
  })
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() }
}
