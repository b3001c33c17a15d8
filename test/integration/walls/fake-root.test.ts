/** `--fake-root`: what root's programs ask for is answered where one id is all there is. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { identities, identity } from '../../harness/identity.js';
import { debianImage } from '../../harness/images.js';
import { describeAs } from '../../harness/place.js';
import { sandbox } from '../../harness/tsrun.js';

/** Prints the status of each, then what became of it. */
const ASK = `touch /f; chown 1000:1000 /f; echo chown $? $(stat -c %u:%g /f)
mknod /device c 1 3; echo device $? $(test -e /device && echo there)
mknod /fifo p; echo fifo $? $(stat -c %F /fifo)
su ada -c 'true'; echo su $?
su ada -c 'touch /home/mine 2> /dev/null'; echo user $(stat -c %u /home/mine 2> /dev/null)`;

for (const who of identities())
  describeAs(who, '--fake-root', (where) => {
    const single = who.name === 'single';
    const ask = async (flags: readonly string[]) => {
      const { stdout, stderr, code } = await where().run([...flags, where().image, 'sh', '-c', ASK]);
      assert.equal(code, 0, stderr);
      return { lines: stdout.trim().split('\n'), stderr };
    };

    it('answers what the map cannot do; the rest is as it was', async () => {
      const { lines, stderr } = await ask(['--fake-root']);
      const owner = single ? '0:0' : '1000:1000';
      assert.deepEqual(lines, [`chown 0 ${owner}`, 'device 0', 'fifo 0 fifo', 'su 0', single ? 'user 0' : 'user']);
      if (single) assert.doesNotMatch(stderr, /fake-root/);
      else assert.match(stderr, /note: --fake-root: the id map has more than one id/);
    });

    it('without it nothing is made up', async () => {
      const { lines } = await ask([]);
      assert.match(lines[0] ?? '', single ? /^chown 1 0:0$/ : /^chown 0 1000:1000$/);
      assert.match(lines[1] ?? '', /^device 1$/);
      assert.equal(lines[2], 'fifo 0 fifo');
      assert.match(lines[3] ?? '', single ? /^su 1$/ : /^su 0$/);
    });
  });

/** A package with a user of its own, served from a directory; and an archive of a foreign owner. */
const PACKAGE = `set -e
mkdir -p /p/DEBIAN /p/usr/share/tested /repo; echo data > /p/usr/share/tested/file
printf 'Package: tested\\nVersion: 1\\nArchitecture: all\\nMaintainer: T <t@example.org>\\nDescription: tested\\n' > /p/DEBIAN/control
cat > /p/DEBIAN/postinst << 'X'
#!/bin/sh
set -e
useradd --system --home-dir /var/lib/tested --create-home tested
install -d -o tested -g tested /var/lib/tested/data
chown -R tested:tested /usr/share/tested
mknod /usr/share/tested/node c 1 3
X
chmod 755 /p/DEBIAN/postinst
dpkg-deb --root-owner-group -b /p /repo/tested.deb > /dev/null
cd /repo; { dpkg-deb -f tested.deb; echo "Filename: ./tested.deb"; echo "Size: $(stat -c %s tested.deb)"
echo "SHA256: $(sha256sum tested.deb | cut -d' ' -f1)"; } > Packages
rm -rf /etc/apt/sources.list.d; echo 'deb [trusted=yes] file:/repo ./' > /etc/apt/sources.list
tar --owner=1234 --group=1234 -cf /archive.tar -C /repo tested.deb`;

/** Each as an argument of exec. */
const INSTALL: [what: string, command: string][] = [
  ['tar', 'mkdir /out && tar -xf /archive.tar -C /out'],
  ['apt-get update', 'apt-get -q update'],
  ['apt-get install', 'apt-get -qy install tested && dpkg -s tested | grep -q "install ok installed"'],
  ['setpriv', 'setpriv --reuid=1234 --regid=1234 --clear-groups true'],
];

describe('as single: Debian', { skip: identity('single').unavailable ?? false }, () => {
  it('apt installs a package with a user of its own, in exec and after a restart; without --fake-root it does not', async () => {
    const { reference } = await debianImage();
    await using box = sandbox(identity('single'));
    const run = async (flags: readonly string[], name: string) => {
      const { code, stderr } = await box.tsrun(['run', '-d', '--network', 'none', ...flags, '--name', name, reference, 'sleep', '1000']);
      assert.equal(code, 0, stderr);
    };
    const exec = (name: string, script: string, ...flags: string[]) => box.tsrun(['exec', ...flags, name, 'sh', '-c', script]);
    await Promise.all([run([], 'plain'), run(['--fake-root'], 'fake')]);
    for (const name of ['plain', 'fake']) assert.equal((await exec(name, PACKAGE)).code, 0, name);
    for (const [what, command] of INSTALL) {
      assert.notEqual((await exec('plain', command)).code, 0, `${what} fails without`);
      const { code, stdout, stderr } = await exec('fake', command);
      assert.equal(code, 0, `${what}: ${stdout} ${stderr}`);
    }
    assert.equal((await box.tsrun(['restart', '-t', '0', 'fake'])).code, 0);
    assert.equal((await exec('fake', 'chown tested /out && stat -c %U /out /var/lib/tested/data')).stdout, 'root\nroot\n', 'stat is true');
    assert.equal((await exec('fake', 'chown tested /out', '--privileged')).code, 0);
    assert.match((await exec('fake', 'grep Seccomp: /proc/self/status')).stdout, /2$/m);
    assert.equal((await box.tsrun(['rm', '-f', 'plain', 'fake'])).code, 0);
  });
});
