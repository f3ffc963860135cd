/**
 * Plain-text and Markdown tables of short cells. Pure: rows in, one string out; the caller decides where it goes.
 */

export interface Column {
  readonly title: string
  /** Numbers go right. */
  readonly align: 'left' | 'right'
}

type Row = readonly string[]

function checkWidths (columns: readonly Column[], rows: readonly Row[]): void {
  for (const row of rows) {
    if (row.length !== columns.length) {
      throw new RangeError(`table row of ${row.length} cells under ${columns.length} columns: ${row.join(' | ')}`)
    }
  }
}

function pad (text: string, width: number, align: Column['align']): string {
  return align === 'left' ? text.padEnd(width) : text.padStart(width)
}

/** For a terminal: aligned with spaces, a rule under the titles, no trailing blanks. Ends with a line feed. */
export function textTable (columns: readonly Column[], rows: readonly Row[]): string {
  checkWidths(columns, rows)
  const widths = columns.map((column, i) =>
    Math.max(column.title.length, ...rows.map(row => (row[i] as string).length)))
  const line = (cells: Row): string =>
    cells.map((cell, i) => pad(cell, widths[i] as number, (columns[i] as Column).align)).join('  ').trimEnd() + '\n'
  return line(columns.map(column => column.title)) +
    line(widths.map(width => '-'.repeat(width))) +
    rows.map(line).join('')
}

/** GitHub-flavoured Markdown. `|` in a cell is escaped, since it would open a new cell. Ends with a line feed. */
export function markdownTable (columns: readonly Column[], rows: readonly Row[]): string {
  checkWidths(columns, rows)
  const line = (cells: Row): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return line(columns.map(column => column.title)) +
    line(columns.map(column => column.align === 'left' ? '---' : '---:')) +
    rows.map(line).join('')
}
