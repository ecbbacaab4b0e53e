import { closeSync, writeSync } from 'node:fs'
import { errorCode } from '../plan/problem.ts'
import { libc } from './libc.ts'

/**
 * Two small shells that end a run's processes when the runner itself can't, since it was killed. Each is called `assay-sentinel` (`ps -C assay-sentinel`,
 * `pgrep assay-sentinel`), its command line ends in `assay-sentinel RUNNER`, where RUNNER is the runner's process id, and it has a session of its own.
 * There are two so that one is left when the other is killed together with the runner. They are started before the runner is marked (tag.ts), so that they
 * carry no mark themselves, and wait at a pipe whose other end the runner alone holds: the read ends when the runner does, however that came.
 */
export interface Sentinels {
  /** `tag PREFIX` to look after what carries it, `tag` for nothing any more; `+GROUP` and `-GROUP` where processes can't be marked. */
  tell(line: string): void
  /** Resolves when one of them has ended, which none does by itself. */
  readonly lost: Promise<void>
  /** Ends those that are left, and reaps them: not every first process of a container does that for us. */
  end(): Promise<void>
}

// After the read: a descriptor that was closed by mistake is no death of the runner, so that it is asked for as well.
// What was killed is looked for again until twice in a row nobody was found, as it may have forked meanwhile; what waits to be reaped counts as gone.
// Without grep the shell reads for itself, a byte at a time and so some ten times slower.
export const script = `
trap '' INT TERM HUP QUIT
printf assay-sentinel > /proc/self/comm
tag= groups=
while read -r word rest; do
  case $word in
    tag) tag=$rest ;;
    +*) groups="$groups \${word#+}" ;;
    -*) left=; for group in $groups; do [ "$group" = "\${word#-}" ] || left="$left $group"; done; groups=$left ;;
  esac
done
runs() {
  kill -0 "$1" || return 1
  [ -d /proc/self ] || return 0
  read -r stat < "/proc/$1/stat" || return 1
  case \${stat##*) } in [ZX]*) return 1 ;; esac
}
marked() {
  command -v grep >&2 && { grep -l "^Max realtime timeout *$tag" /proc/[0-9]*/limits; return; }
  for file in /proc/[0-9]*/limits; do
    while read -r _ _ row limit _; do
      case $row$limit in timeout$tag*) echo "$file" && break ;; esac
    done < "$file"
  done
}
while runs "$1"; do sleep 0.02; done
for group in $groups; do kill -KILL "-$group"; done
[ "$tag" ] || exit
quiet=0 looks=0
while [ $quiet -lt 2 ] && [ $looks -lt 500 ]; do
  quiet=$((quiet + 1)) looks=$((looks + 1))
  for file in $(marked); do
    pid=\${file#/proc/} pid=\${pid%/limits}
    runs "$pid" && kill -KILL "$pid" && quiet=0
  done
  sleep 0.02
done`

/** Starts both. Throws where there is no shell. */
export function startSentinels(): Sentinels {
  const pair = [start(), start()]
  return {
    tell(line) {
      for (const { write } of pair) write(line)
    },
    lost: Promise.race(pair.map(({ ended }) => ended)),
    async end() {
      for (const { kill } of pair) kill()
      await Promise.all(pair.map(({ ended }) => ended))
    },
  }
}

function start() {
  const pipe = libc().pipe()
  try {
    const child = Bun.spawn(['/bin/sh', '-c', 'eval "$script"', 'assay-sentinel', String(process.pid)], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', script },
      stdio: [pipe.read, 'ignore', 'ignore'],
      detached: true,
    })
    // A program that embeds us ends when it has nothing left to do.
    child.unref()
    let open = true
    const ended = child.exited.then(() => {
      open = false
      closeSync(pipe.write)
    })
    return { ended, kill: () => child.kill('SIGKILL'), write: (line: string) => void (open && write(pipe.write, line)) }
  } catch (error) {
    closeSync(pipe.write)
    throw error
  } finally {
    closeSync(pipe.read)
  }
}

function write(fd: number, line: string): void {
  try {
    writeSync(fd, `${line}\n`)
  } catch (error) {
    // It was killed a moment ago, which whoever holds the run hears next.
    if (errorCode(error) !== 'EPIPE') throw error
  }
}
