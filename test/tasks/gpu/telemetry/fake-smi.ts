import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface FakeSmi {
  /** Lines of the list of cards. */
  readonly cards?: readonly string[]
  /** The one field for what holds clocks down that it knows. */
  readonly reasons?: string
  /** What it prints in place of looks, a tenth of a second apart, the last one again and again, soon after each other, unless it `ends`. */
  readonly looks: readonly string[]
  readonly ends?: number
}

export const h200 =
  '0, NVIDIA H200, GPU-aaaa0000-1111-2222-3333-444444444444, 0x233510DE, 580.65.06, 0x0000000000000001'

/** A PATH whose nvidia-smi prints lines of the shapes that the real one does. */
export function fakeSmi(
  folder: string,
  { cards = [h200], reasons = 'clocks_event_reasons.active', looks, ends }: FakeSmi,
) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'cards.txt'), cards.map((line) => `${line}\n`).join(''))
  writeFileSync(join(folder, 'looks.txt'), looks.map((line) => `${line}\n`).join(''))
  const script = `#!/bin/sh
case "$*" in
  *${reasons}*) ;;
  *) echo 'Field "clocks_event_reasons.active" is not a valid field to query.'; exit 2 ;;
esac
case "$*" in
  *-lms*) ;;
  *) cat '${folder}/cards.txt'; exit 0 ;;
esac
echo "$*" > '${folder}/asked.txt'
while read -r line; do echo "$line"; last=$line; sleep 0.1; done < '${folder}/looks.txt'
${ends === undefined ? 'while :; do echo "$last"; sleep 0.02; done' : `exit ${ends}`}
`
  writeFileSync(join(folder, 'nvidia-smi'), script)
  chmodSync(join(folder, 'nvidia-smi'), 0o755)
  return `${folder}:/usr/bin:/bin`
}
