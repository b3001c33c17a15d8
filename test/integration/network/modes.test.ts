/** --network: which one a container gets, and what is said when there is none. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities, identity } from '../../harness/identity.js';
import { HOST } from '../../harness/network-world.js';
import { describeNetwork, end } from './place.js';

for (const who of identities()) {
  describeNetwork(who, '--network', (where) => {
    it('none: its loopback and nothing else', async () => {
      assert.equal(
        await where().sh('ls /sys/class/net; ip route; cat /etc/resolv.conf', ['--network', 'none']),
        'lo\n# No network: there is no name server.\n',
      );
    });

    it('bridge and default, docker’s words, are what one gets without asking', async () => {
      for (const flags of [[], ['--network', 'bridge'], ['--network', 'default']])
        assert.match(await where().sh('ls /sys/class/net', flags), /^eth0\n/);
    });

    it('--ip, --ip6 and --mac-address are its interface’s own, and its ports answer there', async () => {
      const asked = { ip: '10.99.1.7', ip6: 'fd00:99::7', mac: '92:d0:c6:0a:29:33' };
      const flags = ['--network', 'pasta', '--ip', asked.ip, '--ip6', asked.ip6, '--mac-address', asked.mac.toUpperCase(), '-h', 'me'];
      const server = await where().server([...flags, '--name', 'addressed', '-p', '8080:80', '-p', '5353:80/udp']);
      const exec = async (...words: string[]) => (await where().box.tsrun(['exec', 'addressed', ...words])).stdout;
      assert.equal((await exec('cat', '/sys/class/net/eth0/address')).trim(), asked.mac);
      const addresses = (await exec('ip', 'address', 'show', 'dev', 'eth0')).match(/inet6? \S+(?= .*scope global)/g);
      assert.deepEqual(addresses, [`inet ${asked.ip}/24`, `inet6 ${asked.ip6}/64`]);
      assert.match(await exec('ip', 'route'), /^default via 10\.99\.1\.2 dev eth0/);
      assert.match(await exec('cat', '/etc/hosts'), /^10\.99\.1\.7\tme$/m);
      for (const address of ['127.0.0.1', HOST.four, '::1', HOST.six]) {
        assert.equal(await where().send('tcp', address, 8080, address), address);
        assert.equal(await where().send('udp', address, 5353, address), address);
      }
      await end(server);
    });

    it('container:NAME: the same namespace, its ports, its hosts; not for one that is not there', async () => {
      const server = await where().server(['--name', 'first', '-p', '8080:81', '--add-host', 'db:192.0.2.7']);
      const flags = ['--network', 'container:first'];
      assert.match(
        await where().sh('ls /sys/class/net; echo hello | /peer send tcp 127.0.0.1 80; grep "\tdb$" /etc/hosts', flags),
        /^eth0\nlo\nhello\n192.0.2.7\tdb\n$/,
      );
      assert.equal(await where().sh('id -u; echo $$; touch /file; stat -c %u /file; mount | grep -c sysfs', flags), '0\n1\n0\n1\n');
      const second = where().box.start(['run', '--rm', ...flags, '-v', `${where().peer}:/peer`, where().image, '/peer', 'echo', '81']);
      await second.waitFor(/ready/);
      assert.equal(await where().send('tcp', '127.0.0.1', 8080), 'hello');
      await end(second);
      await end(server);
      const gone = await where().run(flags);
      assert.equal(gone.code, 125);
      assert.match(gone.stderr, /no container first/);
      assert.match(
        (await where().run(['--network', 'container:first', '-p', '80:80'])).stderr,
        /its ports are published where it was made/,
      );
    });

    it('ns:PATH is root’s to enter', async () => {
      const made = await where().world.asRoot([
        'sh',
        '-ec',
        'mount -t tmpfs none /run; ip netns add there; ip -n there link set lo up; ip -n there link add marker type ifb',
      ]).finished;
      assert.equal(made.code, 0, made.stderr);
      const { code, stdout, stderr } = await where().run(
        ['--network', 'ns:/run/netns/there'],
        ['sh', '-c', 'ls /sys/class/net /proc/sys/net/ipv4/conf; id -u; echo $$'],
      );
      if (who.name === 'root') {
        assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
        assert.match(stdout, /marker[\s\S]*0\n1\n$/);
      } else {
        assert.equal(code, 125);
        assert.match(stderr, /the (network )?namespace .*cannot be (entered|opened)/);
      }
      const missing = await where().run(['--network', 'ns:/run/netns/not']);
      assert.match(missing.stderr, /the namespace \/run\/netns\/not cannot be opened: no such file/);
    });

    it('one that does not exist, or options that do not fit, are refused', async () => {
      for (const [network, reason] of [
        ['mine', /there is no network "mine": networks between containers are not supported yet/],
        ['ns:relative', /is not a network/],
        ['pasta:--runas,0', /pasta's --runas cannot be given/],
        ['slirp4netns:port_handler=x', /is not an option of slirp4netns/],
        ['pasta:--address,nonsense', /the network program ended before.*nonsense/],
      ] as const) {
        const { code, stderr } = await where().run(['--network', network]);
        assert.equal(code, 125);
        assert.match(stderr, reason);
      }
    });

    it('hosts and resolv.conf are what the flags say', async () => {
      const flags = [
        '--dns',
        '192.0.2.1',
        '--dns-search',
        'a.example',
        '--dns-option',
        'ndots:2',
        '--add-host',
        'six=[2001:db8::9]',
        '-h',
        'me',
      ];
      const text = await where().sh('cat /etc/resolv.conf /etc/hosts', flags);
      assert.equal(
        text,
        'nameserver 192.0.2.1\nsearch a.example\noptions ndots:2\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.0.2.100\tme\n2001:db8::9\tsix\n',
      );
      assert.equal(await where().sh('test -e /etc/hosts || echo none', ['--no-hosts']), 'none\n');
    });
  });

  describeNetwork(
    who,
    'a host without /dev/net/tun',
    (where) => {
      it('gives no network, says why once, and publishes ports all the same', async () => {
        assert.match(where().notes, /the container has no network but its loopback: its root cannot open \/dev\/net\/tun/);
        assert.equal(await where().sh('ls /sys/class/net'), 'lo\n');
        const server = await where().server(['-p', '8080:80']);
        assert.equal(await where().send('tcp', HOST.four, 8080), 'hello');
        await end(server);
        const asked = await where().run(['--network', 'pasta']);
        assert.equal(asked.code, 125);
        assert.match(asked.stderr, /--network pasta: the container has no network: its root cannot open \/dev\/net\/tun/);
      });
    },
    { tun: false },
  );
}

const range = identity('range');
describeNetwork(
  range,
  'a host without a default route',
  (where) => {
    it('gives slirp4netns, which needs none; pasta takes the interface that there is', async () => {
      assert.match(await where().sh('ip route | head -n 1'), /^default via 10\.0\.2\.2/);
      assert.match(await where().sh('ip route | head -n 1', ['--network', 'pasta']), /^default via 10\.0\.2\.2/);
    });
  },
  { routes: false },
);
describeNetwork(
  range,
  'a host with its loopback alone',
  (where) => {
    it('gives slirp4netns; pasta says what it lacks', async () => {
      assert.match(await where().sh('ip route | head -n 1'), /^default via 10\.0\.2\.2/);
      const { code, stderr } = await where().run(['--network', 'pasta']);
      assert.equal(code, 125);
      assert.match(stderr, /the network program ended before the container’s network was there: .*interface/);
    });
  },
  { uplink: false },
);
