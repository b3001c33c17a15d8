import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkConfined,
  confinedVolumes,
  librariesIn,
  realVolumes,
  refuseHiddenProcesses,
  refuseHostRoot,
} from '../../src/bundle/confined-options.js';
import { placeOf } from '../../src/bundle/place.js';

const OWN = { uid: 1000, gid: 100 };

describe('options of --isolation landlock', () => {
  it('are those that mean something without namespaces', () => {
    const fine = {
      rm: true,
      env: ['A=b'],
      network: 'none',
      user: '1000:100',
      volume: ['/data:/data/:ro'],
      capDrop: ['ALL'],
      nested: false,
      tmpfs: [],
    };
    checkConfined({ isolation: 'landlock', ...fine, securityOpt: ['no-new-privileges'] }, OWN);
  });

  it('are refused by their names where they are others', () => {
    const cases = [
      [{ publish: ['80:80'] }, /^--publish /],
      [{ privileged: true }, /^--privileged /],
      [{ capAdd: ['ALL'] }, /^--cap-add /],
      [{ pid: 'host' }, /^--pid /],
      [{ landlock: ['exec=/bin'] }, /^--landlock /],
      [{ healthCmd: 'true' }, /^--health-cmd /],
      [{ user: 'root' }, /^--user root /],
      [{ network: 'pasta' }, /^--network pasta /],
      [{ securityOpt: ['seccomp=unconfined'] }, /^--security-opt seccomp=unconfined /],
      [{ ulimit: ['locks=1'] }, /^--ulimit locks= /],
      [{ volume: ['name:/data'] }, /^--volume name:\/data /],
    ] as const;
    for (const [options, message] of cases)
      assert.throws(
        () => checkConfined(structuredClone(options) as never, OWN),
        { code: 'ERR_TSRUN_UNSUPPORTED', message },
        String(message),
      );
  });

  it('volumes are at the same path, to be read or written', () => {
    assert.deepEqual(confinedVolumes({ volume: ['/a:/a', '/b/:/b:ro'] }), [
      { path: '/a', readOnly: false },
      { path: '/b', readOnly: true },
    ]);
    for (const volume of ['/a:/b', '/a', '/a:/a:noexec', '/a:/a:ro:x'])
      assert.throws(() => confinedVolumes({ volume: [volume] }), { code: 'ERR_TSRUN_UNSUPPORTED' }, volume);
  });

  it('volumes that are named through a link are known by both of their names; none is read-only below one that is not', () => {
    const real = (path: string) => path.replace('/link', '/data');
    const volumes = realVolumes(confinedVolumes({ volume: ['/link:/link', '/x:/x:ro'] }), real);
    assert.deepEqual(volumes, { read: ['/x'], write: ['/data'], asked: ['/link'] });
    for (const path of ['/link/work', '/data/work']) assert.equal(placeOf({ root: '/root', ...volumes }, path), path);
    assert.throws(() => realVolumes(confinedVolumes({ volume: ['/data:/data', '/link/x:/link/x:ro'] }), real), /--volume \/data\/x: /);
  });

  it('libraries are the directories that ld.so.conf names', () => {
    assert.deepEqual(librariesIn('# comment\n/opt/lib # mine\ninclude /etc/ld.so.conf.d/*.conf\n  /usr/x\n'), ['/opt/lib', '/usr/x']);
    assert.deepEqual(librariesIn('/opt/l\0ib\n/usr/x\n'), ['/usr/x'], 'no variable could hold it');
  });

  it('no path of the container is a place outside of its root and its volumes', () => {
    const place = { root: '/root', read: ['/data'], write: [] };
    const cases = { '/lib/../../../etc': '/root/etc', '/data/../etc': '/root/etc', '/data/x': '/data/x', '/database': '/root/database' };
    for (const [path, expected] of Object.entries(cases)) assert.equal(placeOf(place, path), expected, path);
  });

  it('the host’s root is refused, and root of a user namespace is not', () => {
    assert.throws(() => refuseHostRoot(0, '         0          0 4294967295\n'), { code: 'ERR_TSRUN_UNSUPPORTED' });
    refuseHostRoot(0, '         0       1000          1\n');
    refuseHostRoot(1000, '         0          0 4294967295\n');
  });

  it('a /proc that hides processes is refused: they are ended by what it tells', () => {
    const table = (options: string) => `20 1 0:5 / / rw - ext4 /dev/sda rw\n21 20 0:19 / /proc rw,nosuid shared:5 - proc proc ${options}\n`;
    for (const options of ['rw,hidepid=2', 'rw,gid=7,hidepid=invisible', 'rw,hidepid=1', 'rw,hidepid=ptraceable'])
      assert.throws(() => refuseHiddenProcesses(table(options)), { code: 'ERR_TSRUN_UNSUPPORTED', message: /\/proc hides/ }, options);
    for (const options of ['rw', 'rw,hidepid=0', 'rw,hidepid=off']) refuseHiddenProcesses(table(options));
  });
});
