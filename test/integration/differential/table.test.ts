/**
 * The table: what tsrun answers to some four hundred command lines, beside what podman answers to them. The same answers for all three
 * users; a user without subordinate ids and root get a part of it, for the rest is no different for them. A few rows run at a time.
 */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { type IdentityName, identities } from '../../harness/identity.js';
import { sandbox } from '../../harness/tsrun.js';
import { type Answered, answer, prepare, type Tool } from './answer.js';
import { tableImages } from './images.js';
import type { Row } from './row.js';
import { TABLE } from './table.js';

/** Topics whose answers depend on the user's kind, for those who do not get all. */
const PART: Readonly<Record<IdentityName, readonly string[] | undefined>> = {
  range: undefined,
  root: ['user', 'workdir'],
  single: ['exit-status', 'workdir'],
};

const numbered = TABLE.flatMap(([topic, rows]) => rows.map((row) => ({ topic, row }))).map((each, number) => ({ ...each, number }));

for (const who of identities()) {
  describe(`as ${who.name}, the table`, { skip: who.unavailable ?? false }, () => {
    const chosen = numbered.filter(({ topic }) => PART[who.name]?.includes(topic) ?? true);
    const answers = new Map<Row, Promise<Answered>>();
    const box = sandbox(who);
    let tool: Tool;
    before(async () => {
      const images = await tableImages();
      tool = { command: [box.program], runFlags: ['--network=none'], wrapper: [], as: who, env: box.env, images, directory: box.home };
      prepare(tool);
      for (const image of Object.values(images)) assert.equal((await box.tsrun(['run', '--rm', image, '/bin/true'])).signal, null);
      const waiting = [...chosen];
      const work = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await started(next.row, next.number);
      };
      for (let count = 0; count < Math.max(2, availableParallelism()) + 1; count++) void work();
    });
    const started = (row: Row, number: number) => {
      const answered = answers.get(row) ?? answer(tool, row, number);
      answers.set(row, answered);
      answered.catch(() => {});
      return answered.catch(() => {});
    };
    after(async () => {
      const { stdout } = await box.tsrun(['ps', '-q', '--no-trunc']);
      const running = stdout.split('\n').filter(Boolean);
      if (running.length > 0) await box.tsrun(['rm', '-f', ...running]);
    });

    for (const topic of new Set(chosen.map((each) => each.topic))) {
      describe(topic, () => {
        const rows = chosen.filter((each) => each.topic === topic && (who.name !== 'single' || each.row.notSingle === undefined));
        for (const { row, number } of rows) {
          it(row.shows, async () => {
            await started(row, number);
            const { words, ...found } = (await answers.get(row)) as Answered;
            assert.deepEqual(found, { code: row.code, stdout: row.stdout, stderr: row.stderr }, `${row.typed}\n${words}`);
            if (row.says !== undefined) assert.ok(words.includes(row.says), words);
          });
        }
      });
    }
  });
}

describe('the rows', () => {
  it('have names of their own, and a reason where tsrun and podman differ', () => {
    const names = numbered.map(({ topic, row }) => `${topic}: ${row.shows}`);
    assert.deepEqual(names, [...new Set(names)]);
    for (const { row } of numbered) {
      if (typeof row.podman === 'object' && 'why' in row.podman) assert.notEqual(row.podman.why, '', row.shows);
      if (row.stderr.includes('<refused>')) assert.ok(row.says !== undefined, row.shows);
    }
  });
});
