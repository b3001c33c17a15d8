/**
 * Columns as docker aligns them: Go's text/tabwriter with cells of at least ten characters, three blanks apart. A cell ends with a tab; what
 * follows the last tab of a line belongs to no column. A column is as wide as its widest cell on neighbouring lines.
 */

const NARROWEST = 10;
const GAP = 3;

export function alignColumns(text: string): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths: number[][] = lines.map(() => []);
  widen(lines, widths, 0, lines.length, 0);
  return lines.map((cells, line) => cells.map((cell, column) => padded(cell, widths[line]?.[column] ?? 0)).join('')).join('\n');
}

/** Finds the blocks of neighbouring lines in [from, to) that have a cell in this column, and their widths. */
function widen(lines: readonly string[][], widths: number[][], from: number, to: number, column: number): void {
  const has = (line: number) => line < to && column < (lines[line]?.length ?? 0) - 1;
  for (let start = from; start < to; start++) {
    if (!has(start)) continue;
    let end = start;
    let width = NARROWEST;
    for (; has(end); end++) width = Math.max(width, lengthOf(lines[end]?.[column] ?? '') + GAP);
    for (let line = start; line < end; line++) widths[line]?.push(width);
    widen(lines, widths, start, end, column + 1);
    start = end;
  }
}

function lengthOf(cell: string): number {
  return [...cell].length;
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - lengthOf(cell)));
}
