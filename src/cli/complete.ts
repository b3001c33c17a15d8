/**
 * Entry program, started by a shell at every tab key: `__complete SHELL WORD… CURRENT` prints what the last word may become, as
 * completion/scripts.ts reads it: a line `words`, or `files` or `directories` with what stands before the path in the word;
 * then each word, a tab, and what it is. Fails silently: the terminal has a half-typed line on it.
 */
import { glanceAtContainers, glanceAtImages, glanceAtVolumes } from '../index.js';
import { candidatesFor } from './completion/candidates.js';
import { locate } from './completion/place.js';
import { unquote } from './completion/unquote.js';
import { visible } from './visible.js';

async function answer(shell: string | undefined, typed: readonly string[]): Promise<string> {
  const words = shell === 'bash' ? typed.map(unquote) : typed;
  const current = words.at(-1) ?? '';
  const { place, roots } = locate(words.slice(0, -1), current);
  const options = { ...(roots.root ? { root: atHome(roots.root) } : {}), ...(roots.runRoot ? { runRoot: atHome(roots.runRoot) } : {}) };
  const { candidates, paths } = await candidatesFor(place, current, {
    containers: (beginning) => quietly([], () => glanceAtContainers(beginning, options)),
    images: () => glanceAtImages(options).catch(() => []),
    volumes: () => quietly([], () => glanceAtVolumes(options)),
  });
  const lines = candidates.map(({ word, about }) => (about === undefined ? word : `${word}\t${visible(about)}`));
  return [paths === undefined ? 'words' : `${paths.kind} ${paths.before}`.trimEnd(), ...lines].join('\n');
}

/** The shell has not expanded it yet. */
function atHome(path: string): string {
  return path.replace(/^~(?=\/|$)/, process.env['HOME'] ?? '~');
}

function quietly<Value>(otherwise: Value, look: () => Value): Value {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

const [, , , shell, ...typed] = process.argv;
answer(shell, typed).then(
  (text) => process.stdout.write(`${text}\n`),
  () => {},
);
