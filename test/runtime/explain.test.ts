import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, it } from 'node:test';
import type { ErrorCode } from '../../src/errors.js';
import { explainFailure } from '../../src/runtime/explain.js';
import type { HostFacts } from '../../src/runtime/host-facts.js';
import { type FailureRecord, parseRecord } from '../../src/runtime/record.js';

const { EAGAIN, EPERM, EACCES, ENOSPC, ENOENT, ENOSYS, ENOTDIR, ENOEXEC, E2BIG, EINVAL, EEXIST, EIO, EROFS, EXDEV, EFBIG, ENAMETOOLONG } =
  constants.errno;
const EUSERS = 87;

/** A host that forbids nothing, seen by an ordinary user. */
const FREE: HostFacts = {
  uid: 1000,
  status: 'CapEff:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n',
  maxUserNamespaces: '63432\n',
  usernsClone: '',
  apparmorRestricts: '',
};
const FILTERED = { ...FREE, status: FREE.status.replace('Seccomp:\t0', 'Seccomp:\t2') };

function explain(record: Partial<FailureRecord>, facts: Partial<HostFacts> = {}) {
  return explainFailure(
    { process: 'parent', stage: 'clone', operation: 'clone', path: '', error: EPERM, ...record },
    { ...FREE, ...facts },
  );
}

type Case = [name: string, record: Partial<FailureRecord>, facts: Partial<HostFacts>, code: ErrorCode, said: RegExp, cure: RegExp];

const REFUSED = 'ERR_TSRUN_USERNS_REFUSED';
const CASES: Case[] = [
  [
    'user namespaces switched off',
    { error: ENOSPC },
    { maxUserNamespaces: '0\n' },
    REFUSED,
    /switched off \(user\.max_user_namespaces is 0\)/,
    /sysctl -w user\.max_user_namespaces=28633/,
  ],
  [
    'as many user namespaces as are allowed',
    { error: ENOSPC },
    {},
    REFUSED,
    /as many as are allowed/,
    /sysctl -w user\.max_user_namespaces/,
  ],
  [
    'as many processes as are allowed',
    { error: EAGAIN },
    {},
    'ERR_TSRUN_LAUNCH',
    /as many processes as tsrun’s caller may have/,
    /ulimit -u/,
  ],
  [
    'a plan of another version of tsrun',
    { operation: 'decode', path: 'an unknown operation' },
    {},
    'ERR_TSRUN_LAUNCH',
    /refuses the launch plan: an unknown operation/,
    /in the same version/,
  ],
  [
    'programs in memory files forbidden',
    { operation: 'seal', error: EACCES },
    {},
    'ERR_TSRUN_LAUNCH',
    /vm\.memfd_noexec/,
    /sysctl -w vm\.memfd_noexec=1/,
  ],
  [
    'a limit of file sizes that the helper itself exceeds',
    { operation: 'seal', error: EFBIG },
    {},
    'ERR_TSRUN_LAUNCH',
    /limit of file sizes/,
    /ulimit -f/,
  ],
  [
    'as many keys as are allowed',
    { operation: 'new-keyring', error: constants.errno.EDQUOT },
    {},
    'ERR_TSRUN_UNSUPPORTED',
    /keyring of its own/,
    /kernel\.keys\.maxkeys/,
  ],
  [
    'a limit of file sizes that config.json exceeds',
    { operation: 'write-file', path: '/d/config.json', error: EFBIG },
    {},
    'ERR_TSRUN_STORE_UNREADABLE',
    /\/d\/config\.json: .*\(ulimit -f\)/,
    /^raise the limit with ulimit -f/,
  ],
  [
    'a file over a directory',
    { operation: 'bind-at', path: '/etc', error: EINVAL },
    {},
    'ERR_TSRUN_CONFIG_INVALID',
    /\/etc in the image: it is a directory, the source is a file/,
    /a file on a file/,
  ],
  [
    'a place that cannot be made',
    { operation: 'bind-at', path: '/sys/x', error: EROFS },
    {},
    'ERR_TSRUN_CONFIG_INVALID',
    /\/sys\/x in the image: it is not there/,
    /elsewhere/,
  ],
  [
    'a place with too long a name',
    { operation: 'bind-at', path: '/xxx', error: ENAMETOOLONG },
    {},
    'ERR_TSRUN_CONFIG_INVALID',
    /too long/,
    /shorter/,
  ],
  ['user namespaces nested too deep', { error: EUSERS }, {}, REFUSED, /too many within each other/, /sysctl/],
  [
    "Debian's sysctl",
    {},
    { usernsClone: '0\n' },
    REFUSED,
    /unprivileged_userns_clone is 0/,
    /sysctl -w kernel\.unprivileged_userns_clone=1/,
  ],
  [
    "AppArmor's sysctl at the clone",
    { error: EACCES },
    { apparmorRestricts: '1\n' },
    REFUSED,
    /AppArmor restricts them/,
    /sysctl -w kernel\.apparmor_restrict_unprivileged_userns=0/,
  ],
  [
    "AppArmor's sysctl at the map",
    { operation: 'map-ids', path: '/proc/7/uid_map' },
    { apparmorRestricts: '1\n' },
    REFUSED,
    /AppArmor/,
    /userns,/,
  ],
  [
    "AppArmor's sysctl at the first mount",
    { operation: 'staging', error: EACCES },
    { apparmorRestricts: '1\n' },
    REFUSED,
    /AppArmor/,
    /userns,/,
  ],
  ['a seccomp filter of an outer container', {}, FILTERED, REFUSED, /by seccomp/, /--nested .*--privileged/],
  ['a seccomp filter that lets the clone through', { operation: 'propagation' }, FILTERED, REFUSED, /by seccomp/, /pivot_root/],
  [
    'a seccomp filter that has no open_tree',
    { operation: 'open-tree', path: '/v', error: ENOSYS },
    FILTERED,
    REFUSED,
    /by seccomp/,
    /--nested/,
  ],
  [
    'root of a container without the right to mount',
    { operation: 'open-tree', path: '/v' },
    { uid: 0, status: 'CapEff:\t00000000a80425fb\nSeccomp:\t0\n' },
    REFUSED,
    /no CAP_SYS_ADMIN/,
    /--nested/,
  ],
  ['a refusal that says nothing of itself', {}, {}, REFUSED, /the kernel refused it/, /unshare --user true/],
  [
    'a subordinate id that is not the caller’s',
    { operation: 'map-ids', path: 'newuidmap: uid range [1-65537) -> [100000-165536) not allowed' },
    {},
    'ERR_TSRUN_ID_MAP',
    /refused the id map: uid range/,
    /\/etc\/subuid/,
  ],
  [
    'a subordinate group that is not the caller’s',
    { operation: 'map-ids', path: 'newgidmap: gid range [1-65537) -> [100000-165536) not allowed' },
    {},
    'ERR_TSRUN_ID_MAP',
    /newgidmap refused/,
    /\/etc\/subgid/,
  ],
  [
    'newuidmap without setuid',
    { operation: 'map-ids', path: 'newuidmap: write to uid_map failed: Operation not permitted' },
    {},
    'ERR_TSRUN_ID_MAP',
    /newuidmap has not the right/,
    /chmod u\+s/,
  ],
  [
    'newuidmap under no_new_privs',
    { operation: 'map-ids', path: 'newuidmap: write to uid_map failed: Operation not permitted' },
    { status: 'NoNewPrivs:\t1\n' },
    'ERR_TSRUN_ID_MAP',
    /no_new_privs is set/,
    /no-new-privileges/,
  ],
  [
    'newuidmap gone',
    { operation: 'map-ids', path: '/usr/bin/newuidmap', error: ENOENT },
    {},
    'ERR_TSRUN_ID_MAP',
    /newuidmap could not be run: no such file/,
    /package uidmap/,
  ],
  [
    'a map that the kernel refuses',
    { operation: 'map-ids', path: '/proc/7/uid_map' },
    {},
    'ERR_TSRUN_ID_MAP',
    /kernel refused the id map/,
    /fewer ids/,
  ],
  [
    'no overlay',
    { operation: 'mount', path: 'root', error: EINVAL },
    {},
    'ERR_TSRUN_OVERLAY',
    /cannot mount the overlay/,
    /Linux 5\.11.*--root/,
  ],
  [
    '/proc partly hidden',
    { operation: 'mount-at', path: '/proc' },
    {},
    'ERR_TSRUN_LAUNCH',
    /refused a \/proc .* mounted over parts of the \/proc/,
    /systempaths=unconfined .*unmask=ALL/,
  ],
  [
    '/proc partly hidden, behind a filter',
    { operation: 'mount-at', path: '/proc' },
    FILTERED,
    'ERR_TSRUN_LAUNCH',
    /refused a \/proc/,
    /systempaths=unconfined/,
  ],
  ['/sys partly hidden', { operation: 'mount-at', path: '/sys' }, {}, 'ERR_TSRUN_LAUNCH', /refused a \/sys/, /unmask=ALL/],
  [
    'a program that is not there',
    { operation: 'exec', path: 'nope', error: ENOENT },
    {},
    'ERR_TSRUN_COMMAND_NOT_FOUND',
    /"nope": executable file not found/,
    /the whole path/,
  ],
  [
    'a path that is not there',
    { operation: 'init', path: '/nope', error: ENOENT },
    {},
    'ERR_TSRUN_COMMAND_NOT_FOUND',
    /not found/,
    /interpreter/,
  ],
  [
    'a path through a file',
    { operation: 'exec', path: '/etc/passwd/x', error: ENOTDIR },
    {},
    'ERR_TSRUN_COMMAND_NOT_FOUND',
    /not a directory/,
    /path/,
  ],
  [
    'a directory as program',
    { operation: 'exec', path: '/etc', error: EACCES },
    {},
    'ERR_TSRUN_COMMAND_NOT_RUNNABLE',
    /permission denied/,
    /executable/,
  ],
  [
    'a program of another machine',
    { operation: 'exec', path: '/a', error: ENOEXEC },
    {},
    'ERR_TSRUN_COMMAND_NOT_RUNNABLE',
    /exec format error/,
    /--platform/,
  ],
  [
    'arguments too long',
    { operation: 'exec', path: '/a', error: E2BIG },
    {},
    'ERR_TSRUN_COMMAND_NOT_RUNNABLE',
    /longer than the kernel allows/,
    /file/,
  ],
  [
    'a name taken meanwhile',
    { operation: 'symlink', path: '/d/v1/names/web', error: EEXIST },
    {},
    'ERR_TSRUN_NAME_IN_USE',
    /"web" is used/,
    /tsrun rm web/,
  ],
  [
    'a cidfile made meanwhile',
    { operation: 'write-file', path: '/tmp/cid', error: EEXIST },
    {},
    'ERR_TSRUN_FILE_EXISTS',
    /\/tmp\/cid exists already/,
    /another file/,
  ],
  [
    'a full disk',
    { operation: 'write-file', path: '/d/config.json', error: ENOSPC },
    {},
    'ERR_TSRUN_DISK_FULL',
    /\/d\/config\.json/,
    /--root/,
  ],
  [
    'a read-only store',
    { operation: 'mkdir', path: '/d/x', error: EROFS },
    {},
    'ERR_TSRUN_STORE_UNREADABLE',
    /read-only file system/,
    /--root/,
  ],
  [
    'a layer removed meanwhile',
    { operation: 'open-tree', path: '/d/v1/layers/single/diff-00/diff', error: ENOENT },
    {},
    'ERR_TSRUN_IMAGE_NOT_FOUND',
    /removed while/,
    /again/,
  ],
  [
    'a volume that is not there',
    { operation: 'open-tree', path: '/gone', error: ENOENT },
    {},
    'ERR_TSRUN_MOUNT_SOURCE',
    /\/gone does not exist/,
    /-v/,
  ],
  [
    'a volume out of reach',
    { operation: 'open-tree', path: '/root/x', error: EACCES },
    {},
    'ERR_TSRUN_MOUNT_SOURCE',
    /permission denied/,
    /read it/,
  ],
  [
    'a volume without idmapped mounts',
    { operation: 'idmap-tree', path: '/srv/nfs', error: EINVAL },
    {},
    'ERR_TSRUN_UNSUPPORTED',
    /the file system at \/srv\/nfs has no idmapped mounts$/,
    /5\.12/,
  ],
  [
    'a destination that is a file',
    { operation: 'bind-at', path: '/etc/passwd/x', error: ENOTDIR },
    {},
    'ERR_TSRUN_CONFIG_INVALID',
    /cannot mount on/,
    /a file on a file/,
  ],
  [
    'a listener where somebody listens already',
    { operation: 'seccomp-listener', stage: 'confine', error: constants.errno.EBUSY },
    {},
    'ERR_TSRUN_UNSUPPORTED',
    /only one can$/,
    /outside of that sandbox/,
  ],
  [
    'a working directory that leads out',
    { operation: 'chdir', path: '/x', error: EXDEV },
    {},
    'ERR_TSRUN_CONFIG_INVALID',
    /outside of the container/,
    /-w/,
  ],
  [
    'a working directory that cannot be made',
    { operation: 'mkdir-at', path: '/x', error: EEXIST },
    {},
    'ERR_TSRUN_CONFIG_INVALID',
    /link to/,
    /-w/,
  ],
  ['a limit above the caller’s', { operation: 'rlimit' }, {}, 'ERR_TSRUN_UNSUPPORTED', /limit/, /hard limit/],
  ['a child that was killed', { operation: 'await-exec', error: EIO }, {}, 'ERR_TSRUN_LAUNCH', /ended while it was being set up/, /dmesg/],
  [
    'a kernel without a call',
    { operation: 'staging', error: ENOSYS },
    {},
    'ERR_TSRUN_LAUNCH',
    /not implemented by this kernel/,
    /Linux 5\.11/,
  ],
  [
    'anything else',
    { operation: 'lock', path: '/x', error: EIO },
    {},
    'ERR_TSRUN_LAUNCH',
    /failed at lock of \/x \(parent, clone\): EIO/,
    /--dry-run/,
  ],
];

describe('a failure of the launch is told with its cure', () => {
  for (const [name, record, facts, code, said, cure] of CASES) {
    it(name, () => {
      const error = explain(record, facts);
      assert.equal(error.code, code);
      assert.match(error.message, said);
      assert.match(error.hint ?? '', cure);
      assert.doesNotMatch(error.message, /\.$/);
    });
  }
});

it('every way of forbidding user namespaces has a sentence and a cure of its own', () => {
  const causes = CASES.filter(([, , , code]) => code === REFUSED || code === 'ERR_TSRUN_ID_MAP').map(([, record, facts]) =>
    explain(record, facts),
  );
  const sentences = new Set(causes.map(({ message }) => message));
  assert.ok(sentences.size >= 12, [...sentences].join('\n'));
});

it('exec that fails is 127 when the command was not found and 126 when it cannot run', () => {
  assert.equal(explain({ operation: 'exec', path: 'nope', error: ENOENT }).exitCode, 127);
  assert.equal(explain({ operation: 'exec', path: '/etc', error: EACCES }).exitCode, 126);
});

it('a record is five fields that end with NUL; one that is cut off does not confuse', () => {
  const bytes = Buffer.from('child\0exec\0exec\0/bin/é\x002\0');
  assert.deepEqual(parseRecord(bytes), { process: 'child', stage: 'exec', operation: 'exec', path: '/bin/é', error: 2 });
  assert.equal(explainFailure(parseRecord(Buffer.from('child\0')), FREE).code, 'ERR_TSRUN_LAUNCH');
  assert.equal(explainFailure(parseRecord(Buffer.from('child\0x\0constructor\0\x001\0')), FREE).code, 'ERR_TSRUN_LAUNCH');
});
