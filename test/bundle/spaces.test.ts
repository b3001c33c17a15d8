/** --pid, --ipc, --uts, --cgroupns: what may be said, and what of the runtime spec comes of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  hasHostNetwork,
  keptSpaces,
  namespaceOfSpace,
  parseSpaces,
  SPACES,
  type SpacesInput,
  spaceMounts,
} from '../../src/bundle/spaces.js';
import type { Namespace } from '../../src/spec/runtime.js';

const SHM = { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [] };
const ALL: Namespace[] = SPACES.map((type) => ({ type }));

function seen(options: Parameters<typeof parseSpaces>[0], theirs?: readonly Namespace[], rest: Partial<SpacesInput> = {}) {
  const spaces = { asked: parseSpaces(options), ...(theirs ? { neighbour: { pid: 7, namespaces: theirs, hostname: 'h' } } : {}), ...rest };
  return {
    namespaces: SPACES.flatMap((name) => namespaceOfSpace(name, spaces)).map(({ type, path }) => (path ? `${type}=${path}` : type)),
    mounts: spaceMounts(spaces, SHM, (option) => [option]).map(({ destination, type, source }) =>
      type === 'bind' ? `${source}>${destination}` : destination,
    ),
  };
}

describe('the namespaces of a container', () => {
  it('are its own without a word, and nothing of that is kept', () => {
    for (const options of [{}, { pid: '', ipc: 'private', uts: 'private', cgroupns: '' }]) {
      assert.deepEqual(seen(options), { namespaces: [...SPACES], mounts: ['/proc', '/sys/fs/cgroup', '/dev/mqueue', '/dev/shm'] });
      assert.equal(keptSpaces(parseSpaces(options)), undefined);
    }
  });

  it('are not there where they are the host’s, whose own file systems are bound', () => {
    const { namespaces, mounts } = seen({ pid: 'host', ipc: 'host', uts: 'host', cgroupns: 'host' });
    assert.deepEqual(namespaces, []);
    assert.deepEqual(
      mounts,
      ['/proc', '/sys/fs/cgroup', '/dev/mqueue', '/dev/shm'].map((path) => `${path}>${path}`),
    );
    assert.deepEqual(seen({ ipc: 'host' }, undefined, { noQueues: true }).mounts, ['/proc', '/sys/fs/cgroup', '/dev/shm>/dev/shm']);
  });

  it('are those of a process, with its /dev/shm; what that one has of the host’s is the host’s here', () => {
    const options = { pid: 'container:a', ipc: 'container:a', uts: 'container:a', cgroupns: 'container:a' };
    assert.deepEqual(seen(options, ALL), {
      namespaces: SPACES.map((name) => `${name}=/proc/7/ns/${name}`),
      mounts: ['/proc', '/sys/fs/cgroup', '/dev/mqueue', '/proc/7/root/dev/shm>/dev/shm'],
    });
    assert.deepEqual(seen(options, [{ type: 'uts' }]), {
      namespaces: ['uts=/proc/7/ns/uts'],
      mounts: ['/proc>/proc', '/sys/fs/cgroup>/sys/fs/cgroup', '/dev/mqueue>/dev/mqueue', '/dev/shm>/dev/shm'],
    });
  });

  it('hold for the network too: of one that has the host’s, that', () => {
    const spaces = (theirs: readonly Namespace[]) => ({ asked: parseSpaces({}), neighbour: { pid: 7, namespaces: theirs, hostname: 'h' } });
    assert.deepEqual(
      [spaces([{ type: 'network' }]), spaces(ALL), { asked: parseSpaces({}) }].map((each) => hasHostNetwork('container', each)),
      [false, true, false],
    );
  });

  it('are those of files; one for itself may do without /dev/shm, or let others in', () => {
    assert.deepEqual(seen({ pid: 'ns:/p', ipc: 'ns:/i', uts: 'ns:/u' }).namespaces, ['pid=/p', 'ipc=/i', 'uts=/u', 'cgroup']);
    assert.deepEqual(seen({ ipc: 'none' }), { namespaces: [...SPACES], mounts: ['/proc', '/sys/fs/cgroup', '/dev/mqueue'] });
    assert.deepEqual(seen({ ipc: 'shareable' }).mounts.length, 4);
    assert.deepEqual(keptSpaces(parseSpaces({ ipc: 'shareable', pid: 'container:a' })), {
      pid: { mode: 'container', container: 'a' },
      ipc: { mode: 'shareable' },
    });
  });

  it('are refused in words that are none, with those that there are', () => {
    for (const [options, message, hint] of [
      [{ pid: 'shareable' }, /^--pid: "shareable" is not one of its modes/, /use private, host, container:NAME or ns:\/PATH/],
      [{ ipc: 'Host' }, /--ipc: "Host"/, /use private, shareable, none, host, container:NAME or ns:\/PATH/],
      [{ uts: 'none' }, /--uts: "none"/, /use private, host/],
      [{ cgroupns: 'ns:/x' }, /--cgroupns: "ns:\/x"/, /use private, host or container:NAME$/],
      [{ pid: 'container:' }, /--pid: "container:"/, /container:NAME/],
      [{ pid: 'ns:relative' }, /--pid: "ns:relative"/, /ns:\/PATH/],
      [{ pid: 'ns:/a\0b' }, /--pid/, /use/],
      [{ ipc: 'host', shmSize: '1m' }, /conflicting options: --shm-size and --ipc host/, /leave out/],
      [{ ipc: 'container:a', shmSize: '1m' }, /conflicting options: --shm-size/, /leave out/],
      [{ uts: 'host', hostname: 'h' }, /conflicting options: --hostname and the host's UTS/, /leave out/],
      [{ uts: 'container:a', domainname: 'd' }, /conflicting options: --domainname and another/, /leave out/],
    ] as const)
      assert.throws(() => parseSpaces(options), { code: 'ERR_TSRUN_USAGE', message, hint });
  });
});
