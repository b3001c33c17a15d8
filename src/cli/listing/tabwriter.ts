/**
 * Columns as docker aligns them: Go's text/tabwriter with cells of at least ten characters, three blanks apart. A cell ends with a tab; what
 * follows the last tab of a line belongs to no column. A column is as wide as its widest cell on neighbouring lines.
 */

const NARROWEST = 10;
const GAP = 3;

export function alignColumns(text: string, narrowest = NARROWEST): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths: number[][] = lines.map(() => []);
  widen(lines, widths, { from: 0, to: lines.length, column: 0, narrowest });
  return lines.map((cells, line) => cells.map((cell, column) => padded(cell, widths[line]?.[column] ?? 0)).join('')).join('\n');
}

interface Block {
  from: number;
  to: number;
  column: number;
  narrowest: number;
}

/** Finds the blocks of neighbouring lines in [from, to) that have a cell in this column, and their widths. */
function widen(lines: readonly string[][], widths: number[][], { from, to, column, narrowest }: Block): void {
  const has = (line: number) => line < to && column < (lines[line]?.length ?? 0) - 1;
  for (let start = from; start < to; start++) {
    if (!has(start)) continue;
    let end = start;
    let width = narrowest;
    for (; has(end); end++) width = Math.max(width, lengthOf(lines[end]?.[column] ?? '') + GAP);
    for (let line = start; line < end; line++) widths[line]?.push(width);
    widen(lines, widths, { from: start, to: end, column: column + 1, narrowest });
    start = end;
  }
}

function lengthOf(cell: string): number {
  return [...cell].length;
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - lengthOf(cell)));
}
