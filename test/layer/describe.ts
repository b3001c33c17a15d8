/** An unpacked tree as text: what is expected of an archive, for people to read. */
import type { Tree } from './oracles.js';

/** Longer lists of paths are told by their number and the last. */
const MOST = 40;

export function describeTree(tree: Tree): string {
  const lines = Object.entries(tree).map(([path, seen]) => {
    const { type, mode, owner, mtime, link, group, contents, device, xattrs } = seen;
    const facts = [`${KINDS[type]} ${mode} ${owner}`, ...(mtime === undefined ? [] : [timeOf(BigInt(mtime))])];
    if (link !== undefined) facts.push(`-> ${shown(link)}`);
    if (group !== undefined && group !== path) facts.push(`is ${shown(group)}`);
    if (contents !== undefined) facts.push(`has ${contents}`);
    if (device !== undefined) facts.push(`number ${device}`);
    for (const [name, value] of Object.entries(xattrs ?? {}).sort()) facts.push(`${shown(name)}=${shown(value)}`);
    return `  ${shown(path)}: ${facts.join(' ')}`;
  });
  return lines.length > MOST ? `  ${lines.length} paths, the last\n${lines.at(-1)}` : lines.join('\n');
}

const KINDS: Record<string, string> = {
  '100000': 'file',
  '40000': 'directory',
  '120000': 'symlink',
  '10000': 'fifo',
  '20000': 'character',
  '60000': 'block',
};

const BILLION = 1_000_000_000n;

/** Seconds before and after 1970, as a sum: -1.5 is -2 s and half a second. */
function timeOf(nanoseconds: bigint): string {
  const rest = ((nanoseconds % BILLION) + BILLION) % BILLION;
  return `at ${(nanoseconds - rest) / BILLION}${rest === 0n ? '' : `+${String(rest).padStart(9, '0')}ns`}`;
}

/** Bytes that are no printable ASCII are spelled out; what is long is cut. */
function shown(latin1: string): string {
  const text = JSON.stringify(latin1)
    .slice(1, -1)
    .replace(/[^ -~]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return text.length > 60 ? `${text.slice(0, 40)}…(${latin1.length})` : text;
}
