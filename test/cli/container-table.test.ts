import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerTable } from '../../src/cli/container-table.js';

const NOW = Date.parse('2024-01-01T00:05:00Z');
const base = { image: 'docker.io/library/alpine:latest', created: '2024-01-01T00:00:00Z', rm: false };
const containers = [
  { ...base, id: 'a'.repeat(64), name: 'web', command: ['sh'], status: 'running' as const, pid: 7, started: '2024-01-01T00:01:00Z' },
  {
    ...base,
    id: 'b'.repeat(64),
    name: 'job',
    command: ['sh', '-c', 'echo \x1b[31mred; sleep 1'],
    status: 'stopped' as const,
    exitCode: 137,
    finished: '2024-01-01T00:04:00Z',
  },
];

describe('the table of containers', () => {
  it('is as docker prints it, with commands cut and made visible', () => {
    assert.equal(
      containerTable(containers, {}, NOW),
      [
        'CONTAINER ID   IMAGE           COMMAND                  CREATED         STATUS                            NAMES',
        'aaaaaaaaaaaa   alpine:latest   "sh"                     5 minutes ago   Up 4 minutes                      web',
        'bbbbbbbbbbbb   alpine:latest   "sh -c echo \\x1b[31m…"   5 minutes ago   Exited (137) About a minute ago   job',
        '',
      ].join('\n'),
    );
  });

  it('prints ids alone with -q, and everything with --no-trunc', () => {
    assert.equal(containerTable(containers, { quiet: true }), 'aaaaaaaaaaaa\nbbbbbbbbbbbb\n');
    assert.match(containerTable(containers, { noTrunc: true }, NOW), /b{64} .*"sh -c echo \\x1b\[31mred; sleep 1"/);
  });
});
