import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandOf, refuseOtherSystems } from '../../src/cli/main.js';
import { VERBS } from '../../src/cli/verbs.js';

describe('the commands', () => {
  it('are the verbs, each under its own name', () => {
    for (const verb of VERBS) assert.equal(commandOf.get(verb.name)?.verb, verb);
    assert.equal(commandOf.size, VERBS.length);
  });
});

describe('other systems', () => {
  it('are told where tsrun runs', () => {
    refuseOtherSystems('linux');
    assert.throws(() => refuseOtherSystems('darwin'), { code: 'ERR_TSRUN_PLATFORM', hint: /Lima/ });
    assert.throws(() => refuseOtherSystems('win32'), { code: 'ERR_TSRUN_PLATFORM', hint: /WSL2/ });
  });
});
