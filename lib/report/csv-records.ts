/** The rows of a CSV text (RFC 4180) by their columns; a last line without its end is left out. */
export function csvRecords(text: string): readonly CsvRecord[] {
  const [header = [], ...rows] = csvCells(text)
  return rows.map((cells) => csvRecord(header, cells))
}

export type CsvRecord = Readonly<Record<string, string>>

/** The cells of a row under the names of their columns. */
export function csvRecord(header: readonly string[], cells: readonly string[]): CsvRecord {
  return Object.fromEntries(header.map((name, index) => [name, cells[index] ?? '']))
}

/** The cells of each row; a last line without its end is left out. */
export function csvCells(text: string): readonly (readonly string[])[] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end !== ',') {
      rows.push(row)
      row = []
    }
  }
  return rows
}
