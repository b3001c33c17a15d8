/**
 * tsrun beside its peers, in one run on one machine. What counts is the ratio, not the milliseconds: see bench/README.md.
 *
 *   npm run bench                        every section
 *   npm run bench -- start               one of them: start, pull, life
 *   npm run bench -- pull --rounds=7     more rounds, less spread
 */
import { cpus, release } from 'node:os';
import { life } from './life.js';
import { pull } from './pull.js';
import { start } from './start.js';

const SECTIONS: Readonly<Record<string, { rounds: number; run: (rounds: number) => Promise<void> }>> = {
  start: { rounds: 21, run: start },
  pull: { rounds: 3, run: pull },
  life: { rounds: 11, run: life },
};

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const rounds = Number(/^--rounds=(\d+)$/m.exec(process.argv.slice(2).join('\n'))?.[1]);
const unknown = words.filter((word) => !(word in SECTIONS));
if (unknown.length > 0) {
  console.error(`no section ${unknown.join(', ')}: choose from ${Object.keys(SECTIONS).join(', ')}`);
  process.exit(2);
}
const who = process.getuid?.() === 0 ? 'root' : 'an ordinary user';
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${process.arch}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}, as ${who}`,
);
for (const [name, section] of Object.entries(SECTIONS)) {
  if (words.length === 0 || words.includes(name)) await section.run(rounds > 0 ? rounds : section.rounds);
}
