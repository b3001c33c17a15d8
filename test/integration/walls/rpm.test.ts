/** `--fake-root` under rpm, which stands for dnf and zypper: this machine's, with its libraries, in an image of busybox. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { identity } from '../../harness/identity.js';
import { busyboxTar } from '../../harness/images.js';
import { writeLayout } from '../../harness/layout.js';
import { succeed } from '../../harness/process.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { sandbox } from '../../harness/tsrun.js';

/** Its files belong to others than root. */
const SPEC = `Name: tested
Version: 1
Release: 1
Summary: tested
License: none
BuildArch: noarch
%description
%install
mkdir -p %{buildroot}/srv/tested
echo data > %{buildroot}/srv/tested/file
%files
%dir %attr(0755, ada, wheel) /srv/tested
%attr(0640, ada, wheel) /srv/tested/file
`;

async function rpmImage(): Promise<string> {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory, name);
  writeFileSync(at('tested.spec'), SPEC);
  await succeed(['rpmbuild', '-bb', '--define', `_topdir ${directory}`, '--define', '_rpmfilename tested.rpm', at('tested.spec')]);
  const libraries = (await succeed(['ldd', '/usr/bin/rpm'])).match(/(?<=\s)\/\S+/g) ?? [];
  const files = ['/usr/bin/rpm', '/usr/lib/rpm', ...new Set(libraries)].map((path) => path.slice(1));
  const owner = ['--owner=0', '--group=0', '--dereference', '--transform=s,^usr/bin/,bin/,'];
  await succeed(['tar', ...owner, '-cf', at('rpm.tar'), '-C', join(directory, 'RPMS'), 'tested.rpm', '-C', '/', ...files]);
  const layers = [await busyboxTar(), readFileSync(at('rpm.tar'))].map((tar) => ({ tar, compression: 'none' as const }));
  writeLayout(at('image'), [{ tag: 'latest', layers, config: { Env: ['PATH=/bin'] } }]);
  return `oci:${at('image')}:latest`;
}

describe('as single: rpm', { skip: identity('single').unavailable ?? false }, () => {
  it('installs what belongs to others than root; without --fake-root it does not', async () => {
    const image = await rpmImage();
    await using box = sandbox(identity('single'));
    const install = (...flags: string[]) =>
      box.tsrun([
        'run',
        '--rm',
        '--network',
        'none',
        ...flags,
        image,
        'sh',
        '-c',
        '/bin/rpm -i --nodeps /tested.rpm && cat /srv/tested/file',
      ]);
    assert.match((await install()).stderr, /chown failed/);
    const { code, stdout, stderr } = await install('--fake-root');
    assert.deepEqual([code, stdout], [0, 'data\n'], stderr);
  });
});
