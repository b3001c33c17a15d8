/** What a container may do, as it was asked for: in run, at a later start, and from exec; and what inspect says of it. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { DEFAULT_CAPABILITIES } from '../../../src/security/capabilities.js';
import { BOUNDING_MASK as ALL, BOUNDING_SET } from '../../harness/bounding-set.js';
import { identities } from '../../harness/identity.js';
import { probeOf } from '../../harness/probe.js';
import { describeLife } from '../lifecycle/place.js';

const STATUS = "sed -n -E 's/^(Cap...|NoNewPrivs|Seccomp):\\t/\\1 /p' /proc/self/status";
/** The kernel's words for the sets of docker's default, and of one capability. */
const DEFAULT = '00000000a80425fb';
const NET_ADMIN = '0000000000001000';
const NONE = '0000000000000000';

/** CapInh, CapPrm, CapEff, CapBnd, CapAmb, no_new_privs, seccomp's mode. */
const rows = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[1]);

for (const who of identities()) {
  const single = who.name === 'single';
  const usual = single ? '1' : '0';
  describeLife(who, 'what a container may do', (life) => {
    it('are docker’s capabilities by default, what was added and dropped, and never what the caller lacks', async () => {
      assert.equal(DEFAULT_CAPABILITIES.length, 14);
      assert.deepEqual(rows(await life().sh(STATUS)), [NONE, DEFAULT, DEFAULT, DEFAULT, NONE, usual, '2']);
      const flags = ['--cap-drop', 'all', '--cap-add', 'cap_net_admin', '--security-opt', `no-new-privileges=${single ? 'false' : 'true'}`];
      const turned = single ? '0' : '1';
      assert.deepEqual(rows(await life().sh(STATUS, flags)), [NONE, NET_ADMIN, NET_ADMIN, NET_ADMIN, NONE, turned, '2']);
      assert.equal(rows(await life().sh(STATUS, ['--cap-add', 'ALL']))[3], ALL);
      const { code, stderr } = await life().run(['--cap-add', 'SYS_RESOURCE', life().image, 'true']);
      if (BOUNDING_SET.includes('CAP_SYS_RESOURCE')) assert.equal(code, 0, stderr);
      else assert.match(stderr, /^tsrun: --cap-add CAP_SYS_RESOURCE: it is not in the bounding set of tsrun’s caller/);
    });

    it('is the same at a start, for exec, and in inspect; a profile is read once, from the current directory', async () => {
      const profile = join(life().box.home, 'profile.json');
      const rule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errno: 'EXDEV', errnoRet: 1 };
      writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }));
      const asked = [
        '--cap-drop',
        'ALL',
        '--cap-add',
        'NET_ADMIN',
        '--security-opt',
        'seccomp=profile.json',
        '--security-opt',
        'mask=/home',
      ];
      const script = `${STATUS}; mkdir /tmp/x; ls /home; echo ready; sleep 600`;
      const made = ['create', '--name', 'asked', '--network', 'none', ...asked, life().image, 'sh', '-c', script];
      const created = await life().box.tsrun(made, { cwd: life().box.home });
      assert.equal(created.code, 0, created.stderr);
      rmSync(profile);
      await life().ok('start', 'asked');
      const within = await life().ok('exec', 'asked', 'sh', '-c', `${STATUS}; mkdir /tmp/x 2>&1; ls /home`);
      const [status, rest] = within.split('mkdir: ');
      assert.deepEqual(rows(status ?? ''), [NONE, NET_ADMIN, NET_ADMIN, NET_ADMIN, NONE, usual, '2']);
      assert.match(rest ?? '', /Invalid cross-device link|Cross-device link/);
      if (!single) {
        const sets = [NET_ADMIN, NET_ADMIN, NET_ADMIN, NET_ADMIN, NET_ADMIN, usual, '2'];
        assert.deepEqual(rows(await life().ok('exec', '-u', 'ada', 'asked', 'sh', '-c', STATUS)), sets);
      }
      const all = rows(await life().ok('exec', '--privileged', 'asked', 'sh', '-c', STATUS));
      assert.deepEqual([all[0], all[3], all[6]], [NONE, ALL, '0']);
      const members = '{{.CapAdd}} {{.CapDrop}} {{.SecurityOpt}} {{.Privileged}}';
      const { stdout } = await life().box.tsrun(['inspect', '-f', `{{with .HostConfig}}${members}{{end}}`, 'asked']);
      assert.equal(stdout, '[CAP_NET_ADMIN] [ALL] [seccomp=profile.json mask=/home] false\n');
      await life().ok('rm', '-f', 'asked');
    });

    it('unmask= and systempaths= show what is hidden, mask= hides', async () => {
      const hidden = "grep -c ' /proc/interrupts ' /proc/self/mountinfo; grep -c ' /proc/sys ' /proc/self/mountinfo; ls /etc | wc -l";
      const counts = async (...flags: string[]) => (await life().sh(`${hidden}; true`, flags)).trimEnd().split('\n').map(Number);
      const [interrupts, sys, files = 0] = await counts();
      assert.deepEqual([interrupts, sys], [1, 1]);
      assert.ok(files > 0);
      assert.deepEqual(await counts('--security-opt', 'unmask=/proc/int*', '--security-opt', 'mask=/etc'), [0, 1, 0]);
      assert.deepEqual((await counts('--security-opt', 'systempaths=unconfined')).slice(0, 2), [0, 0]);
    });

    it('--read-only-tmpfs leaves three places to write to', async () => {
      const places = 'for each in /run /tmp /var/tmp /etc; do touch $each/x 2>/dev/null && echo $each; done; true';
      const flags = ['--read-only', '--read-only-tmpfs'];
      assert.equal(await life().sh(places, flags), '/run\n/tmp\n/var/tmp\n');
      assert.equal(await life().sh(places, [...flags, '-v', '/tmp']), '/run\n/tmp\n/var/tmp\n', 'a volume has its place');
      assert.equal(await life().sh(places, ['--read-only']), '');
    });

    const hasOtherUsers = !single;
    if (hasOtherUsers)
      it('CVE-2022-29162: what a file may inherit is nothing, unless the capability was asked for', async () => {
        const program = await probeOf('test/integration/privilege/attempt.c');
        const gained = async (...flags: string[]) => {
          const id = await life().detached('sleep 600', '--tmpfs', '/t:exec', '-v', `${program}:/attempt:ro`, ...flags);
          const prepare = 'cp /bin/busybox /t/grep; chmod 755 /t/grep; /attempt setcap /t/grep 0x1000';
          assert.equal(await life().ok('exec', id, 'sh', '-c', prepare), 'ok\n');
          const seen = await life().ok('exec', '-u', 'ada', id, '/t/grep', '-E', 'Cap(Inh|Prm)', '/proc/self/status');
          return seen
            .trimEnd()
            .split(/\s+/)
            .filter((_, index) => index % 2 === 1);
        };
        assert.deepEqual(await gained(), [NONE, NONE]);
        assert.deepEqual(await gained('--cap-add', 'NET_ADMIN', '--cap-drop', 'NET_RAW'), [NET_ADMIN, NET_ADMIN], 'the file is effective');
      });
  });
}
