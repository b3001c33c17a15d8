import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unknownCommand } from '../../src/cli/not-found.js';
import { sentence } from '../../src/cli/print-error.js';

describe('a word that is no command', () => {
  const cases: [words: string[], said: string][] = [
    [['alpine', 'sh'], 'tsrun: there is no command "alpine". Did you mean `tsrun run alpine sh`?'],
    [['quay.io/team/app:v1'], 'tsrun: there is no command "quay.io/team/app:v1". Did you mean `tsrun run quay.io/team/app:v1`?'],
    [['alpine', 'echo', "it's  two"], "tsrun: there is no command \"alpine\". Did you mean `tsrun run alpine echo 'it'\\''s  two'`?"],
    [['imges'], 'tsrun: there is no command "imges". Did you mean `tsrun images`?'],
    [['rnu', 'alpine'], 'tsrun: there is no command "rnu". Did you mean `tsrun run alpine`?'],
    [['image', 'inspct', 'alpine'], 'tsrun: there is no command "image inspct". Did you mean `tsrun image inspect alpine`?'],
    [
      ['image', 'mount', 'alpine'],
      'tsrun has no `image mount`: what a user mounts ends with the namespace that it is mounted in: unpack the image into a directory: tsrun image unpack IMAGE DIR',
    ],
    [['compose', 'up', '-d'], 'tsrun has no `compose` yet: see `tsrun --help` for what it has'],
    [['ada:secret@quay.io/app'], 'tsrun: there is no command "***@quay.io/app": see `tsrun --help`'],
    [['\x1b[31m'], 'tsrun: there is no command "\\x1b[31m": see `tsrun --help`'],
  ];
  for (const [words, said] of cases) {
    it(`${JSON.stringify(words)} is answered with what was meant`, () => {
      const error = unknownCommand(words);
      assert.equal(sentence(error), said);
      assert.equal(error.exitCode, 125);
    });
  }
});
