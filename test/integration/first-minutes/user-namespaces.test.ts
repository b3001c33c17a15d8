/** Hosts and outer containers that forbid what a container needs: each is told by its own sentence, with the cure. */
import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DEFAULT_CAPABILITIES } from '../../../src/security/capabilities.js';
import { compileSeccomp } from '../../../src/security/seccomp/compile.js';
import { defaultSeccomp } from '../../../src/security/seccomp/resolve.js';
import { identities } from '../../harness/identity.js';
import { busyboxImage } from '../../harness/images.js';
import { leftovers } from '../../harness/leftovers.js';
import { start } from '../../harness/process.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { type Sandbox, sandbox } from '../../harness/tsrun.js';
import { unprepared, within } from './surroundings.js';

const ARCH = process.arch === 'arm64' ? 'arm64' : 'x64';

for (const who of identities()) {
  describe(`as ${who.name}`, { skip: who.unavailable ?? unprepared }, () => {
    let place: Sandbox;
    let run: string[];
    before(async () => {
      place = sandbox(who);
      const { reference } = await busyboxImage();
      assert.equal((await place.tsrun(['run', '-q', '--rm', reference, 'true'])).code, 0);
      run = [place.program, 'run', '--rm', reference, 'true'];
    });
    after(() => place[Symbol.asyncDispose]());

    /** Runs it there: 125, nothing on stdout, this code, one sentence, and nothing left. */
    const refused = async (command: readonly string[], code: string, said: RegExp) => {
      const environment = { env: place.env, cwd: '/' };
      const plain = await start(command, environment).finished;
      assert.deepEqual([plain.code, plain.stdout], [125, ''], plain.stderr);
      const sentences = plain.stderr.split('\n').filter((line) => line.startsWith('tsrun: '));
      assert.equal(sentences.length, 1, plain.stderr);
      assert.match(sentences[0] ?? '', said);
      const json = command.map((word) => (word === '--rm' ? '--json' : word));
      const { stderr } = await start(json, environment).finished;
      assert.equal(JSON.parse(stderr).code, code);
      assert.deepEqual(leftovers(place), { processes: [], mounts: [], directories: [] });
    };

    it('user.max_user_namespaces=0', async () => {
      const nested = ['unshare', '--user', '--map-root-user', 'sh', '-c', 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"', 'sh'];
      const command = within(place, { setup: '' }, [...nested, ...run]);
      await refused(command, 'ERR_TSRUN_USERNS_REFUSED', /user\.max_user_namespaces is 0\): as root: sysctl -w user\.max_user_namespaces=/);
    });

    it("docker's seccomp profile around it", async () => {
      const filter = join(temporaryDirectory(), 'filter');
      writeFileSync(filter, compileSeccomp(defaultSeccomp({ arch: ARCH, kernel: release(), granted: [...DEFAULT_CAPABILITIES] }), ARCH));
      const outer = ['sh', '-c', `exec 9<${filter}; exec bwrap --dev-bind / / --seccomp 9 "$@"`, 'sh'];
      const command = within(place, { setup: '' }, [...outer, ...run]);
      await refused(command, 'ERR_TSRUN_USERNS_REFUSED', /container around tsrun forbids them by seccomp: .*--nested .*--privileged/);
    });

    if (who.name === 'root') {
      it('an outer container whose root may not mount', async () => {
        const command = ['setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin', '--', ...run];
        await refused(command, 'ERR_TSRUN_USERNS_REFUSED', /no CAP_SYS_ADMIN: .*--nested .*--privileged/);
      });
    }

    if (who.name === 'range') {
      it('newuidmap without setuid', async () => {
        const copy = join(temporaryDirectory(), 'newuidmap');
        copyFileSync('/usr/bin/newuidmap', copy);
        const setup = `chmod 755 ${copy}; mount --bind ${copy} /usr/bin/newuidmap`;
        await refused(within(place, { setup }, run), 'ERR_TSRUN_ID_MAP', /newuidmap has not the right .*chmod u\+s/);
      });

      it('newuidmap under no_new_privs', async () => {
        await refused(
          within(place, { setup: '' }, ['setpriv', '--no-new-privs', ...run]),
          'ERR_TSRUN_ID_MAP',
          /no_new_privs is set .*no-new-privileges/,
        );
      });

      it('the line in /etc/subuid is taken away between compile and launch', async () => {
        const directory = temporaryDirectory();
        const node = join(directory, 'node');
        // Node compiles as ever; what follows it is the change that an administrator makes at just this moment.
        const script = `#!/bin/sh\n"${dirname(process.execPath)}/node" "$@"; code=$?; : >/etc/subuid; exit $code\n`;
        writeFileSync(node, script, { mode: 0o755 });
        const setup = `cp /etc/subuid ${directory}/subuid; chown $UID ${directory}/subuid; mount --bind ${directory}/subuid /etc/subuid; PATH=${directory}:$PATH`;
        await refused(
          within(place, { setup }, run),
          'ERR_TSRUN_ID_MAP',
          /newuidmap refused the id map: .*not allowed: check this user’s line in \/etc\/subuid/,
        );
      });
    }
  });
}
