import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.js';
import { refuseOtherSystems } from '../../src/cli/main.js';
import { VERBS } from '../../src/cli/verbs.js';

describe('the commands', () => {
  it('are the verbs, by their ids', () => {
    assert.deepEqual(Object.keys(COMMANDS).sort(), VERBS.map((verb) => verb.name.replace(' ', ':')).sort());
  });
});

describe('other systems', () => {
  it('are told where tsrun runs', () => {
    refuseOtherSystems('linux');
    assert.throws(() => refuseOtherSystems('darwin'), { code: 'ERR_TSRUN_PLATFORM', hint: /Lima/ });
    assert.throws(() => refuseOtherSystems('win32'), { code: 'ERR_TSRUN_PLATFORM', hint: /WSL2/ });
  });
});
