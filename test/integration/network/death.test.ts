/** However a container, its helper or its network ends: no process of the network outlives the container. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import type { Running } from '../../harness/process.js';
import { assertNothingLeft, childrenOf, firstProcessOf, isRunning, until } from '../run/place.js';
import { describeNetwork } from './place.js';

interface Family {
  helper: number;
  container: number;
  /** pasta or slirp4netns */
  program: number;
  programKeeper: number;
  /** The process that serves the ports, and the one that watches the helper. */
  others: number[];
}

/** By what they are: the program's parent is its keeper. */
function familyOf(helper: Running): Family {
  const container = firstProcessOf(helper);
  const children = childrenOf(helper.pid).filter((pid) => pid !== container);
  const programKeeper = children.find((pid) => childrenOf(pid).length > 0);
  const [program] = programKeeper === undefined ? [] : childrenOf(programKeeper);
  assert.ok(programKeeper !== undefined && program !== undefined);
  assert.match(readFileSync(`/proc/${program}/cmdline`, 'utf8'), /pasta|slirp4netns/);
  return { helper: helper.pid, container, program, programKeeper, others: children.filter((pid) => pid !== programKeeper) };
}

const all = ({ container, program, programKeeper, others }: Family) => [container, program, programKeeper, ...others];

for (const who of identities()) {
  for (const stack of ['pasta', 'slirp4netns']) {
    describeNetwork(who, `${stack}, ended by kill -9`, (where) => {
      /** nsenter became setpriv, which became the helper: one pid. */
      const started = async () => {
        const server = await where().server(['--network', stack, '-p', '127.0.0.1:8080:80']);
        return { server, family: familyOf(server) };
      };
      const goes = (pids: readonly number[]) => until(() => pids.every((pid) => !isRunning(pid)), 2000);

      it('the container: its network is gone when tsrun is', async () => {
        const { server, family } = await started();
        process.kill(family.container, 'SIGKILL');
        assert.equal((await server.finished).code, 137);
        assert.ok(all(family).every((pid) => !isRunning(pid)));
        await assertNothingLeft(where().box);
      });

      it('the helper: all go with it', async () => {
        const { server, family } = await started();
        process.kill(family.helper, 'SIGKILL');
        await server.finished;
        assert.ok(await goes(all(family)));
        await where().sh('true');
        await assertNothingLeft(where().box);
      });

      it('the network program: the container lives on, without; its keeper goes', async () => {
        const { server, family } = await started();
        process.kill(family.program, 'SIGKILL');
        assert.ok(await goes([family.programKeeper]));
        assert.ok(isRunning(family.container));
        server.child.kill('SIGTERM');
        await server.finished;
        assert.ok(await goes(all(family)));
      });

      it('the keeper: the network program goes with it', async () => {
        const { server, family } = await started();
        process.kill(family.programKeeper, 'SIGKILL');
        assert.ok(await goes([family.program]));
        assert.ok(isRunning(family.container));
        server.child.kill('SIGTERM');
        await server.finished;
      });

      it('keeper, helper and all others at once', async () => {
        const { server, family } = await started();
        process.kill(family.helper, 'SIGSTOP');
        for (const pid of [family.programKeeper, ...family.others, family.helper]) process.kill(pid, 'SIGKILL');
        await server.finished;
        assert.ok(await goes(all(family)));
        await where().sh('true');
        await assertNothingLeft(where().box);
      });
    });
  }
}
