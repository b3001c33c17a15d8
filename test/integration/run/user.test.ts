/** -u: as whom the command runs, inside and outside. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs, firstProcessOf } from './place.js';

const ID = 'id -u; id -g; id -G; echo $HOME';
/** -u → uid, gid, all groups, HOME */
const USERS: Record<string, string> = {
  ada: '1000 1000 1000 10 /home/ada',
  '1000': '1000 1000 1000 10 /home/ada',
  'ada:wheel': '1000 10 10 /home/ada',
  '4321': '4321 0 0 /',
  '4321:99': '4321 99 99 /',
  ':2000': '0 2000 2000 /root',
};

for (const who of identities()) {
  describeAs(who, 'user', (where) => {
    if (who.name === 'single') {
      it('only root is there: any other is refused, with the cure', async () => {
        assert.equal(await where().sh(ID, ['-u', '0:0']), '0\n0\n0\n/root\n');
        const { code, stderr } = await where().run(['-u', 'ada', where().image, 'true']);
        assert.equal(code, 125);
        assert.match(stderr, /user 1000, which the id map does not have.*usermod --add-subuids/s);
      });
    } else {
      for (const [user, expected] of Object.entries(USERS)) {
        it(`-u ${user} is ${expected}`, async () => {
          assert.equal((await where().sh(ID, ['-u', user])).replaceAll('\n', ' ').trim(), expected);
        });
      }

      it('an ordinary user has no capabilities, and the ids of the map outside', async () => {
        const running = where().start(
          ['-i', '-u', 'ada', where().image, 'sh', '-c', 'cat /proc/self/status /proc/self/uid_map; echo done; cat'],
          { input: 'open' },
        );
        await running.waitFor(/done/);
        for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) assert.match(running.stdout(), new RegExp(`^${set}:\\s+0+$`, 'm'));
        const line = running.stdout().match(who.name === 'root' ? /^\s+0\s+(\d+)\s+65536$/m : /^\s+1\s+(\d+)\s+65536$/m);
        const outside = Number(line?.[1]) + 1000 - (who.name === 'root' ? 0 : 1);
        assert.match(
          readFileSync(`/proc/${firstProcessOf(running)}/status`, 'utf8'),
          new RegExp(`^Uid:\\s+${outside}\\s+${outside}\\s`, 'm'),
        );
        running.child.stdin?.end();
        assert.equal((await running.finished).code, 0);
      });
    }

    it('a user or group that the image does not have is refused', async () => {
      for (const user of ['nope', '0:nope', '4294967295']) {
        const { code, stderr } = await where().run(['-u', user, where().image, 'true']);
        assert.equal(code, 125, `${user}: ${stderr}`);
      }
    });
  });
}
