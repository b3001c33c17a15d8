/** What doctor found, for people: a line each, and below what is missing what that costs and what to do. Pure. */
import type { DoctorReport } from '../../index.js';
import { visible } from '../visible.js';
import { wrapped } from '../wrap.js';

const WORDS = { found: 'found', missing: 'missing', 'not-needed': 'not needed' } as const;
const GAP = 2;

/** @param columns of the window: words go to the next line there, Infinity where there is none; commands stay whole, to be copied */
export function diagnosis({ checks, runs, distribution, kernel }: DoctorReport, columns: number): string {
  const left = Math.max(...Object.values(WORDS).map((word) => word.length)) + GAP;
  const middle = Math.max(...checks.map(({ name }) => name.length)) + GAP;
  const width = Math.max(columns - left - middle, 24);
  const below = ' '.repeat(left + middle);
  const lines = checks.flatMap(({ status, name, detail, without, advice }) => {
    const [first = '', ...rest] = wrapped(visible(detail), width);
    return [
      `${WORDS[status].padEnd(left)}${name.padEnd(middle)}${first}`,
      ...rest.map((line) => below + line),
      ...(status === 'missing' ? [...wrapped(`without it ${without}`, width), ...advice.map((line) => `> ${visible(line)}`)] : []).map(
        (line) => below + line,
      ),
    ];
  });
  return `${[...lines, '', ...wrapped(verdict({ checks, runs }), columns), `${visible(distribution.name)}, Linux ${kernel}`].join('\n')}\n`;
}

function verdict({ checks, runs }: Pick<DoctorReport, 'checks' | 'runs'>): string {
  const lacking = checks.filter(({ status, required }) => status === 'missing' && (required || runs)).map(({ name }) => name);
  if (!runs) return `Containers cannot run here, for want of: ${lacking.join(', ')}`;
  return lacking.length === 0 ? 'Containers run here, and nothing is missing' : 'Containers run here; what is missing can be done without';
}
