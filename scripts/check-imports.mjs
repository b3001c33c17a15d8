/**
 * The import-direction rule of the design, and no cycles: imports in src/ go down the tiers, never up.
 *
 *   node scripts/check-imports.mjs
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { checkout, program, say, Trouble } from './steps.mjs';

/**
 * Folders and files of src/, top tier first. A folder of a tier may import its own tier, as long as no two folders import each other.
 * `api/options` (what a run was asked for, as plain types) and `plan/slot` (the names of slots) are read everywhere: they stand below everything.
 */
export const TIERS = [
  ['commands', 'cli', 'cli/oclif', 'cli/load'],
  ['index'],
  ['api'],
  ['image', 'container', 'volume', 'doctor'],
  ['bundle', 'plan', 'events', 'rootfs', 'runtime', 'network', 'cgroup', 'security', 'layer', 'files', 'content', 'registry'],
  ['api/options', 'plan/slot', 'reference', 'spec', 'sys', 'errors', 'nearest', 'own-pipe', 'paths'],
];

/** Tighter than their tier: what these may import of src/ besides themselves. */
const ONLY = new Map([
  ['commands', ['cli', 'index', 'errors']],
  ['cli', ['commands', 'index', 'errors', 'nearest', 'own-pipe']],
  ['spec', ['errors']],
]);

/** Packages that belong to one place: what they cost, or what they can do, stays there. */
const PACKAGES = new Map([
  ['koffi', ['sys']],
  ['undici', ['registry']],
  ['smol-toml', ['registry']],
  ['@oclif/core', ['cli/oclif']],
  ['fzstd', ['layer']],
  ['zstddec', ['layer']],
]);

/** What stands before the quoted name of an import that is gone at run time. */
const ERASED = /\b(import|export)\s+type\b[^;'"]*['"]?$/;

/** @typedef {{ from: string, to: string, erased: boolean }} Import file → file or package, as written below src/ without the ending */

/**
 * @param {string} root the folder that holds src/
 * @returns {Promise<string[]>} one sentence per violation
 */
export async function checkImports(root) {
  const { default: ts } = await import('typescript');
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  /** @type {Import[]} */
  const imports = [];
  for (const file of files.sort()) {
    const text = readFileSync(join(root, 'src', file), 'utf8');
    for (const { fileName, pos } of ts.preProcessFile(text, true, true).importedFiles) {
      const to = fileName.startsWith('.') ? withoutEnding(posix.join(posix.dirname(file), fileName)) : fileName;
      imports.push({ from: withoutEnding(file), to, erased: ERASED.test(text.slice(0, pos)) });
    }
  }
  const known = new Set(files.map(withoutEnding));
  const own = imports.filter(({ to }) => known.has(to));
  const outside = imports.filter(({ to }) => !known.has(to) && !to.startsWith('node:'));
  return [
    ...files.flatMap(unknownPlace),
    ...own.flatMap(wrongDirection),
    ...outside.flatMap(wrongPackage),
    // Two files may know each other's types; what runs has an order.
    ...cycles(
      own.filter(({ erased }) => !erased),
      'files',
    ),
    ...cycles(own.flatMap(folders), 'folders'),
  ];
}

/** @param {string} file */
const withoutEnding = (file) => file.replace(/\.(js|ts)$/, '');
/** @param {string} file */
const folderOf = (file) => (TIERS.flat().includes(file) ? file : (file.split('/')[0] ?? file));
/** @param {string} folder */
const tierOf = (folder) => TIERS.findIndex((tier) => tier.includes(folder));

/** @param {string} file */
function unknownPlace(file) {
  const folder = folderOf(withoutEnding(file));
  return tierOf(folder) < 0 ? [`src/${file} lies outside the folders of the design: give ${folder} a place in TIERS`] : [];
}

/** @param {Import} one */
function wrongDirection({ from, to }) {
  const [above, below] = [folderOf(from), folderOf(to)];
  if (above === below) return [];
  const allowed = ONLY.get(above);
  if (allowed ? allowed.includes(below) : tierOf(above) <= tierOf(below)) return [];
  return [`src/${from}.ts imports src/${to}.ts: ${above} may not import ${below}`];
}

/** @param {Import} one */
function wrongPackage({ from, to }) {
  if (to.startsWith('.') || to.startsWith('../')) return [`src/${from}.ts imports ${to}, outside of src/`];
  const owners = [...PACKAGES].find(([name]) => to === name || to.startsWith(`${name}/`))?.[1];
  if (owners === undefined || owners.includes(folderOf(from))) return [];
  return [`src/${from}.ts imports ${to}, which belongs to src/${owners.join(', src/')}`];
}

/** @param {Import} one @returns {Import[]} */
function folders({ from, to, erased }) {
  const [above, below] = [folderOf(from), folderOf(to)];
  // The top tier is one front in two folders: cli starts the commands, which share what cli offers.
  return above === below || tierOf(above) === 0 ? [] : [{ from: above, to: below, erased }];
}

/** Depth-first; each cycle is told once, from its first member on. @param {Import[]} imports @param {string} what */
function cycles(imports, what) {
  /** @type {Map<string, Set<string>>} */
  const graph = new Map();
  for (const { from, to } of imports) graph.set(from, (graph.get(from) ?? new Set()).add(to));
  /** @type {Set<string>} */
  const done = new Set();
  /** @type {string[]} */
  const found = [];
  /** @param {string} node @param {string[]} path */
  const visit = (node, path) => {
    const start = path.indexOf(node);
    if (start >= 0) found.push(`${what} import each other: ${[...path.slice(start), node].join(' → ')}`);
    if (start >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return found;
}

await program(import.meta.url, async () => {
  const violations = await checkImports(checkout);
  for (const violation of violations) say(`✗ ${violation}`);
  if (violations.length > 0) throw new Trouble(`${violations.length} import(s) against the direction of the design`);
});
