/** What is printed: ratios first, with their spread. */
import { ratioOf, type Spread, spreadOf, type Times } from './measure.js';
import type { Peer } from './peers.js';

export function title(text: string): void {
  console.log(`\n${text}\n${'-'.repeat(text.length)}`);
}

/** Nobody is left out in silence. */
export function roster(peers: readonly Peer[]): void {
  for (const { name, versions, unusable } of peers)
    console.log(
      `  ${name}${versions.length > 0 ? ` (${versions.join(', ')})` : ''}${unusable === undefined ? '' : `: LEFT OUT: ${unusable}`}`,
    );
}

export function line(text: string): void {
  console.log(`  ${text}`);
}

/** @param times the first is tsrun's @param what is compared, where a section has several */
export function ratios([own, ...others]: readonly Times[], what = ''): void {
  if (own === undefined) return;
  if (what !== '') line(what);
  const row = (other: Times) => [`tsrun / ${other.name}`, ratio(ratioOf(own, other)), ms(spreadOf(other.milliseconds))];
  const head = ['', 'ratio (min–max)', 'ms (min–max)'];
  console.log(table([head, [own.name, '', ms(spreadOf(own.milliseconds))], ...others.map(row)]));
}

function ratio({ median, least, most }: Spread): string {
  return `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;
}

function ms({ median, least, most }: Spread): string {
  const digits = median < 100 ? 1 : 0;
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()).join('\n');
}
