/** The Nodes that tsrun supports: the one that runs the tests, and those that scripts/packages.mjs fetched. */
import { existsSync } from 'node:fs';
import { inCheckout } from './checkout.js';
import { withinReach } from './reach.js';

const LINES = [20, 22, 24];

export interface NodeVersion {
  readonly line: number;
  /** The binary, readable by the test users. */
  readonly path: string;
  /** Why it is not there: for `skip`. */
  readonly unavailable?: string;
}

/** The one that runs this test. */
export function ownNode(): NodeVersion {
  return { line: Number(process.versions.node.split('.')[0]), path: withinReach(process.execPath) };
}

/** One of every supported line. */
export function nodeVersions(): NodeVersion[] {
  const own = ownNode();
  const others = LINES.filter((line) => line !== own.line).map((line) => {
    const path = inCheckout('build/nodes', String(line), 'node_modules', `node-linux-${process.arch}`, 'bin/node');
    if (!existsSync(path)) return { line, path, unavailable: `Node ${line} is not in build/nodes: npm test fetches it` };
    return { line, path: withinReach(path) };
  });
  return [own, ...others].sort((a, b) => a.line - b.line);
}
