/** What a container reaches, and what it does not. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { HOST } from '../../harness/network-world.js';
import type { Running } from '../../harness/process.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { describeNetwork, type NetworkPlace } from './place.js';

/** A server of the host's, at one address. */
async function hostServer({ world, peer }: NetworkPlace, port: number, address: string): Promise<Running> {
  const running = world.asRoot([peer, 'echo', String(port), address], { timeoutMs: 120_000 });
  await running.waitFor(/ready/);
  return running;
}

async function stop(servers: readonly Running[]): Promise<void> {
  for (const { child } of servers) child.kill('SIGKILL');
  await Promise.all(servers.map(({ finished }) => finished));
}

const say = (protocol: string, address: string, port: number) =>
  `echo hello | timeout 3 /peer ask ${protocol} ${address} ${port} || echo no`;

for (const who of identities()) {
  for (const stack of ['pasta', 'slirp4netns'] as const) {
    describeNetwork(who, `${stack}: what a container reaches`, (where) => {
      const flags = ['--network', stack];

      it('a server at an address of the host, by TCP and UDP; not one at its loopback', async () => {
        const servers = [
          await hostServer(where(), 7000, '127.0.0.1'),
          await hostServer(where(), 7001, HOST.four),
          await hostServer(where(), 7002, '::1'),
        ];
        const script = [
          say('tcp', HOST.four, 7001),
          say('udp', HOST.four, 7001),
          ...['10.0.2.2', '127.0.0.1', HOST.four].map((address) => say('tcp', address, 7000)),
          say('udp', '10.0.2.2', 7000),
          say('tcp', '::1', 7002),
          'grep -c @ /proc/net/unix',
        ].join('; ');
        const lines = (await where().run(flags, ['sh', '-c', script])).stdout
          .trimEnd()
          .split('\n')
          .filter((line) => !/^(connect|recv|read|send):|Terminated/.test(line));
        assert.deepEqual(lines, ['hello', 'hello', 'no', 'no', 'no', 'no', 'no', '0']);
        await stop(servers);
      });

      it('the host’s loopback by --add-host NAME:host-gateway, which is how to ask for it', async () => {
        const servers = [await hostServer(where(), 7000, '127.0.0.1')];
        const script = `ip=$(grep ' *host.docker.internal$' /etc/hosts | cut -f1); echo $ip; for p in tcp udp; do echo hello | /peer ask $p $ip 7000; done`;
        const added = ['--add-host', 'host.docker.internal:host-gateway'];
        assert.equal(await where().sh(script, [...flags, ...added]), '10.0.2.2\nhello\nhello\n');
        const option = stack === 'pasta' ? 'pasta:--map-gw' : 'slirp4netns:allow_host_loopback=true';
        assert.equal(await where().sh('echo hello | /peer ask tcp 10.0.2.2 7000', ['--network', option]), 'hello\n');
        await stop(servers);
      });

      it('an interface, an address, a route and ports from 1 on of its own', async () => {
        const script = `ls /sys/class/net; ip route | head -n 1; ip -4 address show eth0 | grep -o 'inet [0-9./]*'
          cat /proc/sys/net/ipv4/ip_unprivileged_port_start; grep -c "10.0.2.100.$(hostname)" /etc/hosts
          (echo > /proc/sys/net/ipv4/ip_forward) 2>/dev/null || echo read-only`;
        const expected = 'eth0\nlo\ndefault via 10.0.2.2 dev eth0 \ninet 10.0.2.100/24\n0\n1\nread-only\n';
        assert.equal(await where().sh(script, flags), expected);
        const user = await where().run(
          [...flags, '-u', who.name === 'single' ? '0' : '1000'],
          ['sh', '-c', '/peer echo 80 & sleep 0.3; echo hi | /peer ask tcp 127.0.0.1 80'],
        );
        assert.match(user.stdout, /hi/);
      });

      it('the name server on the host’s loopback, through the network’s own', async () => {
        const directory = temporaryDirectory();
        const file = join(directory, 'resolv.conf');
        writeFileSync(file, 'nameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch example.org\noptions edns0\n');
        const { world } = where();
        assert.equal((await world.asRoot(['mount', '--bind', file, '/etc/resolv.conf']).finished).code, 0);
        const servers = [await hostServer(where(), 53, '127.0.0.53')];
        const text = await where().sh('cat /etc/resolv.conf; echo question | /peer ask udp 10.0.2.3 53', flags);
        assert.equal(text, 'nameserver 10.0.2.3\nnameserver 192.0.2.53\nsearch example.org\noptions edns0\nquestion\n');
        await stop(servers);
        await world.asRoot(['umount', '/etc/resolv.conf']).finished;
      });
    });
  }
}
