/** As whom, and on which Node, the other tests run tsrun. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { identities } from '../harness/identity.js';
import { leftovers } from '../harness/leftovers.js';
import { nodeVersions } from '../harness/nodes.js';
import { sandbox } from '../harness/tsrun.js';

for (const who of identities()) {
  for (const node of nodeVersions()) {
    const skip = who.unavailable ?? node.unavailable ?? false;
    test(`as ${who.name}, on Node ${node.line}: tsrun runs in a place of its own, which is gone afterwards`, { skip }, async () => {
      const directory = await (async () => {
        await using place = sandbox(who, node);
        const version = await place.tsrun(['--version']);
        assert.equal(version.stderr, '');
        assert.equal(version.code, 0);
        const facts = await place.command(['sh', '-c', 'node --version; id -u; test -w "$TSRUN_ROOT" && test -w "$HOME" && echo writable'])
          .finished;
        assert.match(facts.stdout, new RegExp(`^v${node.line}\\..*\\n${who.uid}\\nwritable\\n$`));
        const sleeping = place.command(['sleep', '30']);
        assert.equal(leftovers(place).processes.length, 1, 'a process with the environment of the place is seen');
        sleeping.child.kill();
        await sleeping.finished;
        assert.deepEqual(leftovers(place), { processes: [], mounts: [], directories: [] });
        return place.directory;
      })();
      assert.ok(!existsSync(directory));
    });
  }
}
