/** commit, export and import: what a container wrote is what a container of the image made of it sees, whoever runs it and however it is stored. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { identities } from '../../harness/identity.js';
import { archive, directory, file, hardlink, pax, symlink } from '../../layer/tar-builder.js';
import { describeLife } from '../lifecycle/place.js';
import { withoutNetwork } from '../run/place.js';

/** Every kind of change; what only a range of ids can do comes last. */
const CHANGE = `echo new > /root/new; chmod 4755 /root/new; touch -d '1960-01-02 03:04:05' /root/new; ln /root/new /srv-link; ln -s new /root/link; mkfifo -m 600 /root/fifo;
  rm /bin/vi; rm -r /home/ada; mkdir /home/ada; echo back > /home/ada/file; rm -r /var; echo file > /var; chmod 1777 /etc; echo more >> /etc/group; chmod 600 /etc/passwd;
  mkdir -p '/srv/a b/c' /vol/x; touch /srv/gone; rm /srv/gone; mv /usr /renamed; mkdir -m 751 /usr; touch -d '2001-02-03 04:05:06' /usr/own /home/ada/file /var; mkdir /tmp/d; rm -r /tmp/d; chmod 711 /`;
const OWNERS = 'chown -R 1000:10 /srv; chown 65534:65534 /usr/own; chmod 2775 /srv';
/** Of all but what is mounted, and what changes with each start. */
const SEE = `cd / && find . -xdev \\( -path ./proc -o -path ./sys -o -path ./dev -o -path ./vol -o -path './bin/[a-u]*' -o -name hosts -o -name hostname -o -name resolv.conf \\) -prune -o -print |
  sort > /dev/shm/all; grep -v '^./etc$' /dev/shm/all | tr '\\n' '\\0' | xargs -0 stat -c '%n %F %a %u:%g %y'; stat -c '%n %a %u:%g' ./etc; stat -c %h ./srv-link; find ./srv ./home ./root ./usr ./var ./etc/passwd -type f | sort |
  tr '\\n' '\\0' | xargs -0 md5sum; readlink ./root/link`;
const flat = (script: string) => script.replaceAll(/\n\s*/g, ' ');

interface Made {
  layers: { digest: string; mediaType: string }[];
  config: {
    rootfs: { diff_ids: string[] };
    config: Record<string, unknown>;
    history: { created_by?: string; comment?: string; author?: string }[];
    author?: string;
  };
}

/** Of the store itself: what an image of that name consists of. */
function madeIn(root: string, name: string): Made {
  const image = join(root, 'v1/image');
  const blob = (digest: string) => JSON.parse(readFileSync(join(image, 'blobs/sha256', digest.slice(7)), 'utf8'));
  const index = JSON.parse(readFileSync(join(image, 'index.json'), 'utf8'));
  const named = index.manifests.find((each: { annotations?: Record<string, string> }) =>
    each.annotations?.['org.opencontainers.image.ref.name']?.endsWith(`/${name}`),
  );
  const manifest = blob(named.digest);
  return { layers: manifest.layers, config: blob(manifest.config.digest) };
}

for (const who of identities()) {
  describeLife(who, 'commit, export, import', (life) => {
    const under = async (storage: string, words: string[]) => {
      const { code, stdout, stderr } = await life().box.tsrun(words, { env: { TSRUN_STORAGE: storage } });
      assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
      return { stdout, stderr };
    };
    const made = (name: string) => madeIn(life().box.root, name);
    const storages = who.name === 'range' ? ['overlay', 'fuse-overlayfs', 'copy'] : ['overlay'];

    for (const storage of storages) {
      it(`a container of the image sees what the one that was committed does (${storage})`, async (context) => {
        const on = (...words: string[]) => under(storage, words);
        const script = flat(`${CHANGE}; ${who.name === 'single' ? 'true' : OWNERS}; echo done; while :; do sleep 1; done`);
        const name = `c-${storage}`;
        await on('create', '--name', name, ...withoutNetwork(['-v', '/vol']), life().image, 'sh', '-c', script);
        const started = await life().box.tsrun(['start', name], { env: { TSRUN_STORAGE: storage } });
        if (storage === 'fuse-overlayfs' && /cannot be used here|not installed/.test(started.stderr))
          return context.diagnostic(started.stderr);
        assert.equal(started.code, 0, started.stderr);
        for (let tries = 0; tries < 100 && !(await on('logs', name)).stdout.includes('done'); tries++);
        const before = (await on('exec', name, 'sh', '-c', flat(SEE))).stdout;
        assert.match(before, /\.\/root\/new regular file 4755 0:0 1960-01-02/);
        await on('commit', name, `${name}:1`);
        assert.match((await on('ps', '--format', '{{.Status}}')).stdout, /^Up/, 'it goes on');
        await on('commit', '--pause=false', name, `${name}:2`);
        const [one, two] = [made(`${name}:1`), made(`${name}:2`)];
        assert.deepEqual(one.layers, two.layers, 'the same bytes each time');
        assert.deepEqual(one.layers.slice(0, -1), madeInLayout(life().image), 'the layers below are as they were');
        const after = (await on('run', '--rm', ...withoutNetwork([]), `${name}:1`, 'sh', '-c', flat(SEE))).stdout;
        same(after, before);
        if (storage === 'fuse-overlayfs') {
          assert.match((await life().box.tsrun(['export', name])).stderr, /served by fuse-overlayfs, to the container alone/);
          await on('kill', name);
        }
        assert.match((await on('export', '-o', `${life().box.home}/${name}.tar`, name)).stderr, /^$/);
        if (storage !== 'fuse-overlayfs') await on('kill', name);
        await on('commit', name, `${name}:3`);
        assert.deepEqual(made(`${name}:3`).layers, one.layers, 'also when it has ended');
        // Its volume is not in it, its mount point is.
        const list = await life().box.command(['tar', '-tf', `${life().box.home}/${name}.tar`]).finished;
        assert.match(list.stdout, /^vol\/\n/m);
        assert.doesNotMatch(list.stdout, /^vol\/x|^proc\/.|^dev\/./m);
        await on('import', `${life().box.home}/${name}.tar`, `i-${storage}`);
        same((await on('run', '--rm', ...withoutNetwork([]), `i-${storage}`, 'sh', '-c', flat(SEE))).stdout, before);
        const exported = `${life().box.program} export ${name} | tar -x -O root/new`;
        assert.equal((await life().box.command(['sh', '-c', exported]).finished).stdout, 'new\n', 'of one that has ended as well');
      });
    }

    if (who.name === 'single')
      it('a file of the image that was changed keeps the owner that the image gives it', async () => {
        await life().ok('create', '--name', 'base', life().image, 'true');
        const add = `mkdir -p o/srv33 && echo one > o/srv33/f && ${life().box.program} export base > o.tar && tar --owner=33 --group=44 -C o -rf o.tar srv33`;
        assert.equal((await life().box.command(['sh', '-c', add]).finished).stderr, '');
        assert.equal((await life().box.tsrun(['import', 'o.tar', 'owned'])).code, 0);
        const change = 'echo more >> /srv33/f; touch /srv33/new; rm /bin/vi';
        assert.equal((await life().box.tsrun(['run', '--name', 'changed', ...withoutNetwork([]), 'owned', 'sh', '-c', change])).code, 0);
        await life().ok('commit', 'changed', 'changed:1');
        const layer = join(life().box.root, 'v1/image/blobs/sha256', made('changed:1').layers.at(-1)?.digest.slice(7) ?? '');
        const list = await life().box.command(['sh', '-c', `tar --numeric-owner -tvzf ${layer} | awk '{ print $2, $NF }'`]).finished;
        assert.equal(list.stdout, '0/0 bin/\n0/0 bin/.wh.vi\n33/44 srv33/\n33/44 srv33/f\n0/0 srv33/new\n');
      });

    if (who.name !== 'range') return;

    it('what the image says is what the container was made with, and --change upon it; nothing changed is no layer', async () => {
      const flags = [
        '-e',
        'A=1',
        '-e',
        'PATH=/bin',
        '-l',
        'x=y',
        '-w',
        '/tmp',
        '-u',
        '0:0',
        '--stop-signal',
        'QUIT',
        '--entrypoint',
        '/bin/sh',
      ];
      await life().ok('create', '--name', 'made', ...withoutNetwork(flags), life().image, '-c', 'true');
      await life().ok('start', '-a', 'made');
      const id = await life().ok('commit', '-a', 'Ada', '-m', 'why', '-c', 'ENV B=$A', '--change', 'EXPOSE 80', 'made', 'made:1');
      const { layers, config } = made('made:1');
      assert.equal(layers.length, 1);
      const { Env, ...rest } = config.config;
      assert.deepEqual(Env, ['PATH=/bin', 'A=1', 'B=1']);
      assert.deepEqual(rest, {
        User: '0:0',
        Entrypoint: ['/bin/sh'],
        Cmd: ['-c', 'true'],
        WorkingDir: '/tmp',
        Labels: { x: 'y' },
        StopSignal: 'SIGQUIT',
        ExposedPorts: { '80/tcp': {} },
      });
      assert.equal(config.author, 'Ada');
      const { created: _created, ...step } = config.history.at(-1) as Record<string, unknown>;
      assert.deepEqual(step, { created_by: '/bin/sh -c true', author: 'Ada', comment: 'why', empty_layer: true });
      assert.match(id, /^sha256:[0-9a-f]{64}\n$/);
      // Without a name it is there by its id; a name that is taken away is not lost.
      const nameless = JSON.parse(await life().ok('commit', '--json', '--iidfile', `${life().box.home}/iid`, 'made'));
      assert.equal(readFileSync(`${life().box.home}/iid`, 'utf8'), nameless.id);
      assert.match(await life().ok('images', '--no-trunc'), new RegExp(`<none>.*${nameless.id}`));
      await life().ok('commit', '-m', 'again', 'made', 'made:1');
      assert.match(await life().ok('images', '--no-trunc'), new RegExp(`<none>.*${id.trim()}`));
    });

    it('refuses what it cannot do by a sentence', async () => {
      const refused = async (pattern: RegExp, ...words: string[]) => {
        const { code, stdout, stderr } = await life().box.tsrun(words);
        assert.deepEqual([code, stdout], [125, ''], words.join(' '));
        assert.match(stderr, pattern);
      };
      await life().ok('create', '--name', 'no', life().image, 'true');
      await refused(/RUN changes files/, 'commit', '--change', 'RUN x', 'no');
      await refused(/include-volumes/, 'commit', '--include-volumes', 'no');
      await refused(/no container nobody/, 'commit', 'nobody');
      await refused(/no container nobody/, 'export', 'nobody');
      await refused(/cannot be a tag/, 'commit', 'no', `x@sha256:${'0'.repeat(64)}`);
      await refused(/cannot be written/, 'export', '-o', '/nowhere/x', 'no');
      await refused(/cannot be read/, 'import', '/nowhere/x');
      await refused(/is a directory/, 'import', '/');
      assert.deepEqual(
        readdirSync(life().box.home).filter((name) => name.startsWith('.')),
        [],
      );
    });

    it('a hostile or broken tar is no image, and touches nothing', async () => {
      const { box } = life();
      const canary = join(box.home, 'canary');
      await box.command(['sh', '-c', `mkdir ${canary} && echo alive > ${canary}/victim`]).finished;
      const whole = archive(directory('a'), file('a/b', 'x'));
      const tars: [what: string, tar: Buffer, said: RegExp][] = [
        ['dots', archive(file(`../../../..${canary}/victim`, 'dead')), /holds "\.\."/],
        ['root', archive(symlink('./', canary)), /root directory would become/],
        ['marker', archive(pax({ 'SCHILY.xattr.user.overlay.opaque': 'y' }), directory('d')), /overlay's own attribute/],
        ['link', archive(symlink('l', canary), file('l/victim', 'dead')), /cannot be unpacked|no directory|leads nowhere/],
        ['hard', archive(hardlink('h', `${canary.slice(1)}/victim`)), /does not exist/],
        ['noise', Buffer.from('noise'.repeat(1000)), /checksum|no tar|not a number/],
        ['cut', gzipSync(whole).subarray(0, 60), /cannot be imported/],
        ['empty', Buffer.alloc(0), /it is empty/],
        ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2, 3]), /xz cannot decompress/],
      ];
      const before = await box.command(['find', join(box.root, 'v1/image'), join(box.root, 'v1/layers'), '-name', '[0-9a-f]*']).finished;
      for (const [what, tar, said] of tars) {
        const { code, stdout, stderr } = await box.command([box.program, 'import', '-', 'bad'], { input: tar }).finished;
        assert.deepEqual([code, stdout], [125, ''], what);
        assert.match(stderr, said, what);
      }
      const after = await box.command(['find', join(box.root, 'v1/image'), join(box.root, 'v1/layers'), '-name', '[0-9a-f]*']).finished;
      assert.equal(after.stdout, before.stdout, 'nothing is left of them');
      assert.equal((await box.command(['cat', join(canary, 'victim')]).finished).stdout, 'alive\n');
      assert.equal(existsSync(join(canary, 'b')), false);
      for (const pack of ['cat', 'gzip', 'xz'])
        assert.match(
          (
            await box.command(['sh', '-c', `${pack} | ${box.program} import --arch arm64 -m from - good:${pack}`], { input: whole })
              .finished
          ).stdout,
          /^sha256:/,
        );
      const diffIds = ['cat', 'gzip', 'xz'].map((pack) => made(`good:${pack}`).config.rootfs.diff_ids);
      assert.deepEqual(diffIds[0], diffIds[1]);
      assert.deepEqual(diffIds[0], diffIds[2]);
      assert.equal(made('good:cat').config.history[0]?.comment, 'from');
    });
  });
}

/** But for the root directory's own time, which is when it was put together. */
function same(one: string, other: string): void {
  const lines = (text: string) => text.split('\n').map((line) => line.replace(/^(\. directory \S+ \S+) .*/, '$1'));
  const [all, others] = [lines(one), lines(other)];
  assert.deepEqual([all.filter((line) => !others.includes(line)), others.filter((line) => !all.includes(line))], [[], []]);
}

/** What lies in the layout that a test image is. */
function madeInLayout(reference: string): Made['layers'] {
  const directory = reference.slice('oci:'.length, reference.lastIndexOf(':'));
  const blob = (digest: string) => JSON.parse(readFileSync(join(directory, 'blobs/sha256', digest.slice(7)), 'utf8'));
  return blob(JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')).manifests[0].digest).layers;
}
