/** Published ports: open when the start returns, closed with the container, and nothing else is. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { HOST } from '../../harness/network-world.js';
import { describeNetwork, end, type NetworkPlace } from './place.js';

/** `tcp 127.0.0.1:8080` of every socket that listens on the host. */
async function listening({ world }: NetworkPlace): Promise<string[]> {
  const { stdout } = await world.asRoot(['ss', '-Hlntu']).finished;
  return stdout
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => line.trim().split(/\s+/))
    .map(([protocol, , , , local]) => `${protocol} ${local}`)
    .sort();
}

for (const who of identities()) {
  describeNetwork(who, 'published ports', (where) => {
    it('answer by TCP and UDP, IPv4 and IPv6, at the addresses that were asked for and at no other', async () => {
      const before = await listening(where());
      const server = await where().server(['-p', '8080:80', '-p', '127.0.0.1:8081:80', '-p', '[::1]:8082:80', '-p', '5353:80/udp']);
      const { send } = where();
      for (const address of ['127.0.0.1', HOST.four, '::1', HOST.six]) {
        assert.equal(await send('tcp', address, 8080, `to ${address}`), `to ${address}`);
        assert.equal(await send('udp', address, 5353, `to ${address}`), `to ${address}`);
      }
      assert.equal(await send('tcp', '127.0.0.1', 8081), 'hello');
      assert.equal(await send('tcp', '::1', 8082), 'hello');
      for (const [address, port] of [
        [HOST.four, 8081],
        ['::1', 8081],
        ['127.0.0.1', 8082],
        [HOST.six, 8082],
        ['127.0.0.1', 80],
      ] as const)
        assert.match(await send('tcp', address, port), /refused/, `${address} ${port}`);
      const opened = (await listening(where())).filter((one) => !before.includes(one));
      assert.deepEqual(opened, ['tcp *:8080', 'tcp 127.0.0.1:8081', 'tcp [::1]:8082', 'udp *:5353']);
      await end(server);
      assert.deepEqual(await listening(where()), before);
    });

    it('are those that port and ps tell, also when the host chose the number', async () => {
      const server = await where().server(['--name', 'told', '-p', '80', '-p', '127.0.0.1::80', '-p', '9000-9001:90-91/udp']);
      const port = async (...words: string[]) => (await where().box.tsrun(['port', 'told', ...words])).stdout.trimEnd().split('\n');
      const lines = await port();
      const [, chosen] = /^80\/tcp -> 0\.0\.0\.0:(\d+)$/.exec(lines[0] ?? '') ?? [];
      const [, local] = /^80\/tcp -> 127\.0\.0\.1:(\d+)$/.exec(lines[2] ?? '') ?? [];
      assert.ok(chosen && local, lines.join());
      assert.deepEqual(
        lines.slice(3),
        ['0', '1'].flatMap((digit) => [`9${digit}/udp -> 0.0.0.0:900${digit}`, `9${digit}/udp -> [::]:900${digit}`]),
      );
      assert.deepEqual(await port('80'), [`0.0.0.0:${chosen}`, `[::]:${chosen}`, `127.0.0.1:${local}`]);
      assert.equal(await where().send('tcp', '127.0.0.1', Number(chosen)), 'hello');
      assert.equal(await where().send('tcp', '127.0.0.1', Number(local)), 'hello');
      const other = await where().box.tsrun(['port', 'told', '81']);
      assert.match(other.stderr, /no public port 81\/tcp published for told/);
      const listed = JSON.parse((await where().box.tsrun(['ps', '--json'])).stdout);
      assert.deepEqual(listed[0].ports[0], { hostIp: '', hostPort: Number(chosen), containerPort: 80, protocol: 'tcp' });
      await end(server);
    });

    it('of two containers are each its own', async () => {
      const [first, second] = await Promise.all([where().server(['-p', '8101:80']), where().server(['-p', '8102:80'])]);
      assert.equal(await where().send('tcp', '127.0.0.1', 8101), 'hello');
      assert.equal(await where().send('tcp', '127.0.0.1', 8102), 'hello');
      await end(first);
      assert.match(await where().send('tcp', '127.0.0.1', 8101), /refused/);
      assert.equal(await where().send('tcp', '127.0.0.1', 8102), 'hello');
      await end(second);
    });

    it('that are taken, or not this user’s, are told before the start', async () => {
      const server = await where().server(['-p', '127.0.0.1:8080:80', '-p', '8080:80/udp']);
      for (const [flag, reason] of [
        ['127.0.0.1:8080:81', /^tsrun: port 8080 of 127\.0\.0\.1 is taken by another program or container/],
        ['8080:81', /^tsrun: port 8080 of this host is taken/],
        ['8080:81/udp', /^tsrun: UDP port 8080 of this host is taken/],
        ['203.0.113.9:8090:81', /^tsrun: 203\.0\.113\.9 is not an address of this host/],
      ] as const) {
        const { code, stdout, stderr } = await where().run(['-p', flag], ['echo', 'ran']);
        assert.deepEqual({ code, stdout }, { code: 125, stdout: '' });
        assert.match(stderr, reason);
      }
      await end(server);
      if (who.name === 'root') {
        const low = await where().server(['-p', '127.0.0.1:82:80']);
        assert.equal(await where().send('tcp', '127.0.0.1', 82), 'hello');
        await end(low);
      } else {
        assert.match(
          (await where().run(['-p', '127.0.0.1:82:80'])).stderr,
          /^tsrun: port 82 of 127\.0\.0\.1 is for root: ports below 1024 are on this host/,
        );
      }
    });

    it('are there without a way out, too: -p with --network none', async () => {
      const server = await where().server(['--network', 'none', '-p', '8080:80', '-p', '8080:80/udp']);
      assert.equal(await where().send('tcp', '::1', 8080), 'hello');
      assert.equal(await where().send('udp', '127.0.0.1', 8080), 'hello');
      await end(server);
    });

    it('of a server that listens at its own loopback alone stay closed', async () => {
      const words = ['run', '--rm', '-p', '8080:80', '-v', `${where().peer}:/peer`, where().image, '/peer', 'echo', '80', '127.0.0.1'];
      const server = where().box.start(words);
      await server.waitFor(/ready/);
      const answer = await where().send('tcp', '127.0.0.1', 8080);
      await end(server);
      assert.match(answer, /^$|reset|refused/, 'the reset may meet the one of its two processes that writes');
    });

    if (who.name === 'range')
      it('show their clients as the container itself: as its address, and where it has none but its loopback as that (CVE-2021-20199)', async () => {
        const seen = async (...flags: string[]) => {
          const words = ['run', '--rm', '-p', '8080:80', ...flags, '-v', `${where().peer}:/peer`, where().image, '/peer', 'names', '80'];
          const server = where().box.start(words);
          await server.waitFor(/ready/);
          const addresses = await Promise.all(['127.0.0.1', HOST.four, '::1'].map((address) => where().send('tcp', address, 8080)));
          await end(server);
          return addresses;
        };
        assert.deepEqual(await seen(), ['::ffff:10.0.2.100', '::ffff:10.0.2.100', '::ffff:10.0.2.100']);
        assert.deepEqual(await seen('--network', 'none'), ['::ffff:127.0.0.1', '::ffff:127.0.0.1', '::ffff:127.0.0.1']);
      });

    const size = who.name === 'range' ? '1G' : '64M';
    it(`${size} pass there and back unharmed`, async () => {
      const server = await where().server(['-p', '127.0.0.1:8080:80']);
      const script = `d=$(mktemp -d); mkfifo $d/sum; sha256sum < $d/sum > $d/sent & openssl enc -aes-128-ctr -K 0 -iv 0 -in /dev/zero 2>/dev/null |
        head -c ${size} | tee $d/sum | "$0" send tcp 127.0.0.1 8080 | sha256sum; wait; cat $d/sent; rm -r $d`;
      const { code, stdout, stderr } = await where().box.command(['sh', '-c', script, where().peer], { timeoutMs: 240_000 }).finished;
      assert.equal(code, 0, stderr);
      const [received, sent] = stdout.trimEnd().split('\n');
      assert.match(sent ?? '', /^[0-9a-f]{64}/);
      assert.equal(received, sent);
      await end(server);
    });

    it('a hundred clients at once, some of which leave early, are all served', async () => {
      const server = await where().server(['-p', '127.0.0.1:8080:80']);
      const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => where().send('tcp', '127.0.0.1', 8080, `client ${n}`)));
      assert.deepEqual(
        answers,
        Array.from({ length: 100 }, (_, n) => `client ${n}`),
      );
      const rude = where().box.command(['sh', '-c', `head -c 10M /dev/zero | "$0" send tcp 127.0.0.1 8080 | head -c 1`, where().peer]);
      await rude.finished;
      assert.equal(await where().send('tcp', '127.0.0.1', 8080), 'hello');
      await end(server);
    });
  });
}
