/** Containers, archives and neighbours that want a copy to reach the host: nothing there is read, changed or run (CVE-2018-15664, CVE-2019-14271). */
import assert from 'node:assert/strict';
import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { execute, succeed } from '../../harness/process.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { until } from '../../harness/wait.js';
import { END, member } from '../../layer/tar-builder.js';
import { describeLife } from '../lifecycle/place.js';

const IDLE = 'while :; do sleep 1; done';
const SECRET = 'secret of the host\n';

for (const who of identities()) {
  describeLife(who, 'cp with a hostile', (life) => {
    /** A directory of the host, the caller's own, with a canary. */
    async function outside() {
      const path = temporaryDirectory(who);
      for (const name of ['canary', 'passwd']) writeFileSync(join(path, name), SECRET);
      mkdirSync(join(path, 'sub'));
      for (const name of ['canary', 'passwd', 'sub', '.']) if (process.getuid?.() === 0) chownSync(join(path, name), who.uid, who.gid);
      const look = () => succeed(['find', path, '-printf', '%P %i %m %u %T@ %s\\n']);
      const before = await look();
      return { path, unharmed: async () => assert.equal(await look(), before) };
    }

    const cp = (...words: string[]) => life().box.tsrun(['cp', ...words]);
    const inside = (name: string, script: string) => life().ok('exec', name, 'sh', '-c', script);

    it('link in the container reaches only what the container has by that name', async () => {
      const canary = await outside();
      const { home } = life().box;
      await life().detached(IDLE, '--name', 'links');
      await inside(
        'links',
        `ln -s ${canary.path} /x; ln -s ${canary.path}/canary /y; ln -s ../../../../../../..${canary.path} /up; ln -s /proc/1/root/x /magic; ln -s /proc/self/cwd /self`,
      );
      writeFileSync(join(home, 'payload'), 'payload\n', { mode: 0o644 });
      if (process.getuid?.() === 0) chownSync(join(home, 'payload'), who.uid, who.gid);
      assert.equal(readFileSync(join(canary.path, 'canary'), 'utf8'), SECRET, 'a reader that follows would find it');
      for (const path of [
        '/x/canary',
        '/x/.',
        '/x/',
        '/up/canary',
        '/magic/canary',
        '/self/canary',
        '/proc/self/root/x',
        '/proc/1/cwd/x/canary',
        '/dev/fd/0',
      ]) {
        const { code, stdout } = await cp('-L', `links:${path}`, '-');
        assert.deepEqual([code, stdout], [125, ''], path);
      }
      assert.notEqual((await cp('-L', 'links:/y', `${home}/out`)).code, 0);
      assert.equal((await cp('links:/y', `${home}/out`)).code, 0);
      assert.ok(lstatSync(join(home, 'out')).isSymbolicLink(), 'the link itself is copied as it is');
      for (const path of ['/x/canary', '/x', '/x/', '/up/new', '/y']) await cp(`${home}/payload`, `links:${path}`);
      await inside('links', `mkdir -p ${canary.path}`);
      assert.equal((await cp(`${home}/payload`, 'links:/x/canary')).code, 0);
      assert.equal(await inside('links', `cat ${canary.path}/canary`), 'payload\n', 'inside it leads where the container has it');
      // What came out is a link to the canary on the host, too: nothing is written through it.
      await canary.unharmed();
    });

    it('neighbour that swaps a directory for a link all the time leads nothing astray', async () => {
      const canary = await outside();
      const { home } = life().box;
      await succeed([
        'sh',
        '-c',
        `mkdir -p ${home}/shared/d/sub && echo mine > ${home}/shared/d/canary && ln -s ${canary.path} ${home}/shared/l && chown -hR ${who.uid}:${who.gid} ${home}/shared`,
      ]);
      // rename(2) of a link over another, as fast as it goes for the time of the test; RENAME_EXCHANGE is what mv has not.
      const swap =
        'mkdir -p /tree/d/sub; cp /bin/busybox /tree/d/sub; cd /shared; while test ! -e stop; do mv d e && cp -P l d && rm d && mv e d; done; touch stopped';
      const image = life().image;
      await life().ok('run', '-d', '--name', 'swapper', '-v', `${home}/shared:/shared`, image, 'sh', '-c', swap);
      for (let count = 0; count < 4; count++) {
        // Each time a new one: a link that came out is followed when it is named.
        const out = await cp('swapper:/shared/d/.', `${home}/swapped${count}`);
        if (out.code === 0) assert.ok(lstatSync(join(home, `swapped${count}`)).isDirectory(), 'it is what was found');
        await cp('swapper:/tree/.', `${home}/shared`);
        await cp(`${home}/shared/d`, 'swapper:/tmp');
        await cp(`${home}/shared`, 'swapper:/tmp');
      }
      assert.doesNotMatch(
        await inside('swapper', 'cat /tmp/d/canary /tmp/shared/d/canary /tmp/shared/l/canary 2>/dev/null; true'),
        /secret/,
      );
      await succeed(['touch', join(home, 'shared/stop')]);
      assert.ok(await until(() => existsSync(join(home, 'shared/stopped'))));
      await canary.unharmed();
    });

    // What follows asks no more of one map of ids than of another: once, where most could be lost.
    if (who.name !== 'root' && identities().length > 1) return;

    it('program, library or preload of the container is never loaded or run', async () => {
      const script = `mkdir -p /lib64 /lib/x86_64-linux-gnu /usr/lib /evil /usr/share && echo /evil/preload.so > /etc/ld.so.preload &&
        for lib in libnss_files.so.2 libnss_dns.so.2 libc.so.6 libgcc_s.so.1 libstdc++.so.6 ld-linux-x86-64.so.2 libm.so.6; do
          for dir in /lib64 /lib/x86_64-linux-gnu /usr/lib /lib; do printf 'not a library' > $dir/$lib; done; done
        printf '#!/bin/busybox sh\\necho run >> /evil/ran\\n' > /evil/program && chmod 755 /evil/program && for each in tar cp node tsrun gzip; do rm -f /bin/$each; /bin/busybox cp /evil/program /bin/$each; done; ${IDLE}`;
      await life().ok('run', '-d', '--name', 'fakes', life().image, '/bin/busybox', 'sh', '-c', script);
      await until(async () => (await life().box.tsrun(['exec', 'fakes', '/bin/busybox', 'cat', '/bin/gzip'])).stdout.includes('ran'));
      const { home } = life().box;
      assert.equal((await cp('fakes:/etc', `${home}/etc`)).code, 0);
      assert.equal((await cp(`${home}/etc`, 'fakes:/evil')).code, 0);
      assert.equal((await life().box.tsrun(['diff', 'fakes'])).code, 0);
      assert.equal(await life().ok('exec', 'fakes', '/bin/busybox', 'ls', '/evil'), 'etc\nprogram\n', 'nothing has run');
      await life().ok('kill', 'fakes');
      assert.equal((await cp('fakes:/evil/.', `${home}/evil`)).code, 0);
      assert.deepEqual(readdirSync(join(home, 'evil')).sort(), ['etc', 'program']);
    });

    it('archive stays below the directory, by whatever name', async () => {
      const canary = await outside();
      await life().detached(IDLE, '--name', 'archives');
      await inside('archives', 'mkdir -p /into /tmp/out && echo kept > /tmp/out/canary');
      const evil = (name: string, fields = {}) => Buffer.concat([member({ name, ...fields }, 'evil'), END]);
      const link = (name: string, target: string, type = '2') => member({ name, type, link: target });
      const archives: [string, Buffer][] = [
        ['a name that climbs', evil('../tmp/out/canary')],
        ['a name that climbs in the middle', evil('a/../../tmp/out/canary')],
        ['an absolute name', evil(join(canary.path, 'canary'))],
        ['a file behind a link out', Buffer.concat([link('l', canary.path), evil('l/canary')])],
        ['a file behind a chain of links', Buffer.concat([link('a', '..'), link('b', `a/..${canary.path}`), evil('b/canary')])],
        ['a hard link out', Buffer.concat([link('h', `../../..${canary.path}/canary`, '1'), END])],
        ['a hard link through a link', Buffer.concat([link('l2', canary.path), link('h', 'l2/canary', '1'), END])],
        ['a device', Buffer.concat([member({ name: 'sda', type: '4', major: 8, minor: 0, mode: 0o666 }), END])],
        ['a whiteout', Buffer.concat([member({ name: 'w', type: '3', major: 0, minor: 0 }), END])],
        ['half of a header', Buffer.alloc(200, 1)],
      ];
      for (const [what, archive] of archives) {
        const { code, stderr } = await life().box.tsrun(['cp', '-', 'archives:/into'], { input: archive });
        assert.ok([0, 125].includes(code ?? -1), `${what}: ${stderr}`);
        assert.doesNotMatch(stderr, /unexpected|INTERNAL/, what);
      }
      assert.equal(await inside('archives', 'cat /tmp/out/canary; ls /into/sda /into/w 2>/dev/null; true'), 'kept\n');
      // The same from a container: links to the host, then names behind them.
      const { home } = life().box;
      await inside('archives', `mkdir -p /t/d && ln -s ${canary.path} /t/l && echo evil > /t/d/canary`);
      assert.equal((await cp('archives:/t/.', `${home}/dest`)).code, 0);
      await inside('archives', 'rm /t/l && mkdir /t/l && echo evil > /t/l/canary');
      const second = await cp('archives:/t/.', `${home}/dest`);
      assert.equal(second.code, 125);
      assert.match(second.stderr, /cannot overwrite the file/);
      await canary.unharmed();
      // The control: who joins names and follows links does reach the canary.
      symlinkSync(canary.path, join(home, 'naive'));
      assert.equal((await execute(['sh', '-c', `cat ${home}/naive/canary`])).stdout, SECRET);
    });

    it('process cannot see, signal or outlive what works on its files; a hundred megabytes pass in bounded memory', async () => {
      const { home } = life().box;
      const watch = 'while :; do cat /proc/[0-9]*/cmdline 2> /dev/null | tr "\\0" " " >> /seen; sleep 1; done';
      await life().detached(watch, '--name', 'watching');
      await life().box.command(['sh', '-c', `head -c 104857600 /dev/urandom > ${home}/large && truncate -s 200M ${home}/large`]).finished;
      const sum = (await succeed(['sha256sum', join(home, 'large')])).slice(0, 64);
      for (const words of [
        [`${home}/large`, 'watching:/large'],
        ['watching:/large', `${home}/back`],
      ]) {
        const copying = life().box.start(['cp', ...words]);
        let most = 0;
        const measure = () => {
          for (const pid of [String(copying.pid), ...workers()]) most = Math.max(most, peakOf(pid));
          return copying.child.exitCode !== null;
        };
        await until(measure, 60_000);
        const { code, stderr } = await copying.finished;
        assert.deepEqual([code, stderr], [0, '']);
        assert.ok(most > 0 && most < 170 * 1024, `${words.join(' ')} took ${most} kB`);
      }
      assert.equal((await inside('watching', 'sha256sum /large')).slice(0, 64), sum);
      assert.equal((await succeed(['sha256sum', join(home, 'back')])).slice(0, 64), sum);
      assert.ok(lstatSync(join(home, 'back')).blocks * 512 < 108 * 2 ** 20, 'the hole at the end is one again');
      const seen = await inside('watching', 'cat /seen');
      assert.match(seen, /sleep 1/);
      assert.doesNotMatch(seen, /node|files\.cjs/);
    });

    it('end of the caller leaves no process and no file of ours behind', async () => {
      const { home, directory } = life().box;
      await life().detached(IDLE, '--name', 'killed');
      await inside(
        'killed',
        'mkdir /endless && cd /endless && dd if=/dev/zero of=a bs=1M count=200 2>/dev/null; for i in 1 2 3 4 5 6 7 8 9; do ln a l$i; done; mkfifo f',
      );
      for (const words of [
        ['killed:/endless', `${home}/partial`],
        ['killed:/endless', '-'],
        ['-', 'killed:/endless'],
      ]) {
        const copying = life().box.start(['cp', ...words], { input: 'open' });
        assert.ok(await until(() => workers().length > 0), words.join(' '));
        copying.child.stdout?.pause();
        process.kill(copying.pid, 'SIGKILL');
        await copying.finished;
        assert.ok(await until(() => workers().length === 0), `${words.join(' ')}: ${workers().join()}`);
      }
      assert.deepEqual(readdirSync(directory).sort(), ['home', 'root', 'run']);
    });
  });
}

function workers(): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isWorker(pid));
}

/** In kB. */
function peakOf(pid: string): number {
  try {
    return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function isWorker(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('files.cjs');
  } catch {
    return false;
  }
}
