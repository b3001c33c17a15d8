/**
 * The ordinary users that the tests run tsrun as, made once: one with subordinate ids, one without. Needs root.
 * test/harness/identity.ts finds them by name.
 *
 *   node scripts/users.mjs
 */
import { readFileSync } from 'node:fs';
import { capture, program, run, say } from './steps.mjs';

const USERS = [
  { name: 'tsrun-range', id: 7001, subordinate: true },
  { name: 'tsrun-single', id: 7002, subordinate: false },
];

export async function createUsers() {
  if (process.getuid?.() !== 0) {
    say('not root: the tests run as this user only');
    return;
  }
  for (const { name, id, subordinate } of USERS) {
    if ((await capture('id', ['-u', name])).code !== 0) {
      say(`creating the user ${name}`);
      const none = ['-K', 'SUB_UID_COUNT=0', '-K', 'SUB_GID_COUNT=0'];
      await run('groupadd', ['--gid', String(id), name]);
      await run('useradd', [
        '--uid',
        String(id),
        '--gid',
        name,
        '--no-create-home',
        '--home-dir',
        '/nonexistent',
        '--shell',
        '/bin/sh',
        ...none,
        name,
      ]);
    }
    if (!subordinate) continue;
    for (const [file, option] of /** @type {const} */ ([
      ['/etc/subuid', '--add-subuids'],
      ['/etc/subgid', '--add-subgids'],
    ])) {
      const lines = readLines(file);
      if (lines.some((line) => line.startsWith(`${name}:`))) continue;
      const first = Math.max(100000, ...lines.map(endOfRange));
      await run('usermod', [option, `${first}-${first + 65535}`, name]);
    }
  }
}

/** @param {string} file */
function readLines(file) {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

/** @param {string} line name:first:count */
function endOfRange(line) {
  const [, first, count] = line.split(':').map(Number);
  return (first || 0) + (count || 0);
}

await program(import.meta.url, createUsers);
