import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { FilledDirectory } from '../../src/image/filled-directory.js';
import { temporaryDirectory } from '../harness/temporary.js';

test('what several writers made side by side goes again, in whatever order they were told of it', async () => {
  const path = temporaryDirectory();
  for (let count = 0; count < 300; count++) {
    const directory = await FilledDirectory.open(path, false);
    await Promise.all(['one', 'two', 'three'].map((name) => directory.write(`a/b/c/${name}`, Buffer.from(name))));
    await directory.abort();
    assert.deepEqual(readdirSync(path), [], `the ${count}th time`);
  }
});
