/** What the tests of a container's life have in common. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from '../../harness/identity.js';
import { openTerminal } from '../../harness/pty.js';
import { describeIn, type Place, place, until, withoutNetwork } from '../run/place.js';

export interface Life extends Place {
  /** `tsrun WORDS`: what it printed; it must exit 0 and say nothing on standard error. */
  ok(...words: string[]): Promise<string>;
  /** `tsrun run -d FLAGS IMAGE sh -c SCRIPT`. @returns the id */
  detached(script: string, ...flags: string[]): Promise<string>;
  /** The container's runner and first process, as status.json has them. */
  processesOf(id: string): { runner: number; first: number };
  terminal(...words: string[]): ReturnType<typeof openTerminal>;
}

/** Tests of one identity that share a store; all containers are removed when they are through, and nothing may be left then. */
export function describeLife(who: Identity, what: string, tests: (life: () => Life) => void): void {
  describeIn(who, what, () => lifeOf(who), tests, { clear });
}

async function clear({ ok, box }: Life): Promise<void> {
  const left = (await ok('ps', '-aq', '--no-trunc')).split('\n').filter(Boolean);
  if (left.length > 0) await ok('rm', '-f', ...left);
  assert.ok(await until(() => readdirSync(box.runRoot).length === 0), 'no runtime directory is left');
}

async function lifeOf(who: Identity): Promise<Life> {
  const here = await place(who);
  const { box, image } = here;
  const ok = async (...words: string[]) => {
    const { code, stdout, stderr } = await box.tsrun(words);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, words.join(' '));
    return stdout;
  };
  return {
    ...here,
    ok,
    detached: async (script, ...flags) => {
      const id = (await ok('run', '-d', ...withoutNetwork(flags), image, 'sh', '-c', script)).trim();
      assert.match(id, /^[0-9a-f]{64}$/);
      return id;
    },
    processesOf: (id) => {
      const directory = ['containers', 'transient'].map((kind) => join(box.root, 'v1', kind, id)).find(existsSync) ?? '';
      const { pid, runner } = JSON.parse(readFileSync(join(directory, 'status.json'), 'utf8'));
      return { first: Number(pid), runner: Number(runner.pid) };
    },
    terminal: (...words) => openTerminal([box.program, ...words], { as: who, cwd: box.home, env: box.env }),
  };
}
