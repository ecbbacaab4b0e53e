import { Terminal } from '@xterm/headless'

/** A terminal that a test can look at. */
export interface Emulator {
  write(text: string): void
  /** Long lines are broken anew, as most terminals do. */
  resize(columns: number): Promise<void>
  /** The lines on the screen and above it, without what is empty at the end. */
  lines(): Promise<readonly string[]>
  /** How many of the lines go on from the one before, since that was too long. */
  wrapped(): Promise<number>
  /** Where the cursor is. */
  cursor(): Promise<{ readonly row: number; readonly column: number }>
}

export function emulator(columns: number): Emulator {
  const terminal = new Terminal({ cols: columns, rows: 24, scrollback: 1000, allowProposedApi: true, convertEol: true })
  const { active } = terminal.buffer
  const settled = () => new Promise<void>((resolve) => terminal.write('', resolve))
  const rows = () => Array.from({ length: active.length }, (_, index) => active.getLine(index))
  return {
    write: (text) => terminal.write(text),
    async resize(columns) {
      await settled()
      terminal.resize(columns, terminal.rows)
    },
    async lines() {
      await settled()
      return rows()
        .map((line) => line?.translateToString(true) ?? '')
        .join('\n')
        .trimEnd()
        .split('\n')
    },
    async wrapped() {
      await settled()
      return rows().filter((line) => line?.isWrapped).length
    },
    async cursor() {
      await settled()
      return { row: active.baseY + active.cursorY, column: active.cursorX }
    },
  }
}
