import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { imageRows, imageTable } from '../../src/cli/image-table.js';
import { shownName } from '../../src/cli/shown-name.js';

const NOW = Date.parse('2024-01-15T00:00:00Z');
const image = (names: string[], digit: string) => ({
  id: `sha256:${digit.repeat(64)}`,
  names,
  digest: `sha256:${'d'.repeat(64)}`,
  created: '2024-01-01T00:00:00Z',
  size: 7_800_000,
  platform: 'linux/amd64',
});
const images = [
  image(['docker.io/library/alpine:latest', 'docker.io/library/alpine:3.20'], 'a'),
  image(['localhost:5000/team/app:v1'], 'b'),
  image([], 'c'),
];

describe('the table of images', () => {
  it('has a row for each name, as docker prints it', () => {
    assert.equal(
      imageTable(imageRows(images), {}, NOW),
      [
        'REPOSITORY                TAG      IMAGE ID       CREATED       SIZE',
        'alpine                    latest   aaaaaaaaaaaa   2 weeks ago   7.8MB',
        'alpine                    3.20     aaaaaaaaaaaa   2 weeks ago   7.8MB',
        'localhost:5000/team/app   v1       bbbbbbbbbbbb   2 weeks ago   7.8MB',
        '<none>                    <none>   cccccccccccc   2 weeks ago   7.8MB',
        '',
      ].join('\n'),
    );
  });

  it('prints each id once with -q, whole with --no-trunc', () => {
    assert.equal(imageTable(imageRows(images), { quiet: true }), 'aaaaaaaaaaaa\nbbbbbbbbbbbb\ncccccccccccc\n');
    assert.match(imageTable(imageRows(images), { quiet: true, noTrunc: true }), /^sha256:a{64}\n/);
  });

  it('shows digests when asked', () => {
    assert.match(imageTable(imageRows(images), { digests: true }), /DIGEST .*\n.*sha256:d{64}/);
  });

  it('lists only what is asked for', () => {
    assert.deepEqual(
      imageRows(images, 'alpine').map((row) => row.tag),
      ['latest', '3.20'],
    );
    assert.deepEqual(
      imageRows(images, 'alpine:3.20').map((row) => row.tag),
      ['3.20'],
    );
    assert.equal(imageRows(images, 'localhost:5000/team/app').length, 1);
    assert.equal(imageRows(images, 'alp').length, 0);
  });

  it('is heads alone for an empty store', () => {
    assert.equal(imageTable([], {}), 'REPOSITORY   TAG   IMAGE ID   CREATED   SIZE\n');
  });
});

describe('shownName', () => {
  it("leaves out docker's own registry only", () => {
    assert.equal(shownName('docker.io/library/alpine:latest'), 'alpine:latest');
    assert.equal(shownName('docker.io/me/app:1'), 'me/app:1');
    assert.equal(shownName('quay.io/library/alpine'), 'quay.io/library/alpine');
    assert.equal(shownName('docker.io/library/deep/name'), 'library/deep/name');
  });
});
