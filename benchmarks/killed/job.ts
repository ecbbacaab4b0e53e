import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The three tasks of the job, in their order. The first ends at once; the second is what the kill meets. */
export const tasks = ['one', 'two', 'three'] as const
export type Task = (typeof tasks)[number]

/**
 * Writes `work.sh TASK`, which every runner calls, and which keeps what ran in `ran.log`. `two` starts a plain child and one that left its
 * session and was forked twice, says in `up` who it is, and waits; with `quick` there it ends at once.
 */
export function writeJob(folder: string, token: string): void {
  writeFileSync(
    join(folder, 'work.sh'),
    `echo "$1 began" | tee -a ran.log
if [ "$1" = two ] && [ ! -e quick ]; then
  (setsid sh -c 'echo up > daemon; exec sleep 600.${token}2' < /dev/null > /dev/null 2>&1 &)
  sleep 600.${token}1 &
  while [ ! -e daemon ]; do sleep 0.01; done
  echo $$ > up.new && mv up.new up
  wait $!
fi
echo "$1 ended" | tee -a ran.log
`,
  )
}

/** What a process is called in the table; undefined for one that goes by its program's name. */
export function partOf(command: string, token: string): string | undefined {
  if (command.includes(`600.${token}1`)) return 'its plain child'
  if (command.includes(`600.${token}2`)) return 'its daemon'
  if (/assay-sentinel \d+$/.test(command)) return 'its sentinel'
  return /\bwork\.sh\b/.test(command) ? 'its shell' : undefined
}
