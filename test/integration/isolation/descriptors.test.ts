/** CVE-2024-21626: a working directory by the number of a descriptor, in the hope that a runtime has left one open that leads to the host. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { identities } from '../../harness/identity.js';
import { describeAs } from '../../harness/place.js';
import { program } from '../library/program.js';
import { canary } from './canary.js';

/** One run and one exec for each, half of the latter by a link in the root, all from one process: the library starts no Node. */
const EVERY_NUMBER = `
const numbers = Array.from({ length: 62 }, (_, index) => index + 3);
const look = ['sh', '-c', '[ "$(stat -c %d:%i .)" = "$(stat -c %d:%i "$(pwd -P)")" ] && echo inside; ls /proc/1/fd; true'];
const said = async (begun) => {
  try {
    return (await text((await begun).stdout)).trim().split('\\n').join(' ');
  } catch (error) {
    return error.exitCode === 125 && /^the working directory .* cannot be entered/.test(error.message) ? 'refused' : error.message;
  }
};
const all = async (ask) => {
  const found = new Set();
  for (let at = 0; at < numbers.length; at += 4) for (const one of await Promise.all(numbers.slice(at, at + 4).map(ask))) found.add(one);
  return [...found].sort();
};
const links = 'for n in $(seq 3 64); do ln -s /proc/self/fd/$n /l$n; done; echo ready; exec sleep 600';
const common = { rm: true, network: 'none' };
const container = await run(image, ['sh', '-c', links], common);
await once(container.stdout, 'data');
print(await all((n) => said(run(image, look, { ...common, workdir: '/proc/self/fd/' + n }))));
print(await all((n) => said(tsrun.exec(container.id, look, { workdir: (n % 2 ? '/l' : '/proc/self/fd/') + n }))));
await container[Symbol.asyncDispose]();
`;

for (const who of identities()) {
  describeAs(who, 'a working directory that is a descriptor', (where) => {
    it('of any number from 3 to 64 is refused or within the root, for run and exec, and the first process has 0, 1 and 2 alone', async () => {
      const found = await program(where(), EVERY_NUMBER);
      assert.deepEqual(found, Array(2).fill(['inside 0 1 2', 'refused']));
    });

    it('of the caller’s is refused, although he passes it on, and it leads out', async () => {
      const host = await canary();
      const { program: tsrun, command } = where().box;
      const passing = ['sh', '-c', '"$@" 3< /', 'sh', tsrun, 'run', '--rm', '--network', 'none', '--preserve-fds', '1'];
      const led = await command([...passing, where().image, 'cat', `/proc/self/fd/3${host.path}/file`]).finished;
      assert.equal(led.stdout, 'secret of the host\n');
      const { code, stdout, stderr } = await command([...passing, '-w', `/proc/self/fd/3${host.path}`, where().image, 'cat', 'file'])
        .finished;
      assert.deepEqual([code, stdout], [125, '']);
      assert.match(stderr, /^tsrun: the working directory "\/proc\/self\/fd\/3.*" cannot be entered: it lies outside of the container/);
      await host.unharmed();
    });
  });
}
