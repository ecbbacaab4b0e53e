import type { Killed, Results } from './results.ts'

const titles = [
  'runner',
  'killed',
  'exit code',
  'finished results',
  'said to have passed, but had not',
  'alive 2 s later',
  'the next start runs',
]

/** The table as the README has it, with what was run below it. */
export function markdown({ os, countedBy, runners }: Results): string {
  const rows = runners.flatMap((runner) => {
    if (runner.kind === 'missing') return [[runner.name, `not measured: ${runner.unavailable}`, '', '', '', '', '']]
    const { name, version, artefact, kills } = runner
    return kills.map((kill) => [`${name} ${version}`, kill.victim, ...cellsOf(kill, artefact)])
  })
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const commands = runners.flatMap((runner) => (runner.kind === 'ran' ? [`${runner.name}: \`${runner.command}\``] : []))
  return [
    line(titles),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
    '',
    `Counted by ${countedBy} on ${os}. Run as ${commands.join(' · ')}.`,
  ].join('\n')
}

function cellsOf({ exit, kept, lost, untrue, alive, next }: Killed, artefact: string): readonly string[] {
  const standing = [kept.length > 0 && `${kept.join(', ')} kept`, lost.length > 0 && `**${lost.join(', ')} lost**`]
  return [
    exit === null ? '**hangs**' : exit === 0 ? '**0**' : String(exit),
    `${standing.filter(Boolean).join(', ')} (${artefact})`,
    untrue.length === 0 ? 'none' : `**${untrue.join(', ')}**`,
    alive.length === 0 ? 'none' : `**${alive.length}**: ${alive.join(', ')}`,
    next.length === 0 ? 'nothing' : next.join(', '),
  ]
}
