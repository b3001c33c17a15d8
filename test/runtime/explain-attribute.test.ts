/** Why a container gets no AppArmor profile or SELinux label, in words. */
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, it } from 'node:test';
import { explainFailure } from '../../src/runtime/explain.js';

const { EINVAL, ENOENT, EOPNOTSUPP, EXDEV, EACCES, EPERM, ENOMEM } = constants.errno;

const CASES: [operation: string, path: string, error: number, said: RegExp, cure: RegExp][] = [
  [
    'check-killable',
    'changeprofile my web',
    ENOENT,
    /under the AppArmor profile "my web": there is none of that name$/,
    /apparmor_parser -r/,
  ],
  ['exec-attribute', 'exec my web', ENOENT, /under the AppArmor profile "my web": there is none/, /apparmor_parser -r/],
  ['exec-attribute', 'exec web', EOPNOTSUPP, /AppArmor is not enabled on this host/, /apparmor=1/],
  ['exec-attribute', 'exec web', EXDEV, /\/proc of the container is not its own/, /mount nothing there/],
  ['exec-attribute', 'exec web', EPERM, /operation not permitted: .*no_new_privs/, /openat2/],
  ['check-killable', 'changeprofile web', EACCES, /permission denied: .* forbids it/, /change_profile,/],
  ['check-killable', '', EACCES, /nobody could end the container/, /add {2}signal \(receive\),/],
  ['check-killable', 'changeprofile web', ENOMEM, /"web": /, /aa-status/],
  ['exec-attribute', 'u:r:t:s0', EINVAL, /the SELinux label "u:r:t:s0": the policy of this host does not know it/, /load the policy/],
  ['exec-attribute', 'u:r:t:s0', EOPNOTSUPP, /SELinux is not enabled/, /boot with the policy/],
  ['exec-attribute', 'u:r:t:s0', EXDEV, /its own/, /mount nothing there/],
  ['label-seal', 'u:r:t:s0', EACCES, /"u:r:t:s0": permission denied/, /ausearch/],
];

describe('a container that cannot be put under its profile or label', () => {
  for (const [operation, path, error, said, cure] of CASES)
    it(`${operation} ${path}: errno ${error}`, () => {
      const { code, message, hint } = explainFailure({ process: 'child', stage: 'process', operation, path, error });
      assert.equal(code, 'ERR_TSRUN_UNSUPPORTED');
      assert.match(message, said);
      assert.match(hint ?? '', cure);
    });
});

it('a file that cannot be labelled is named', () => {
  const said = (path: string, error: number) =>
    explainFailure({ process: 'child', stage: 'rootfs', operation: 'relabel-tree', path, error });
  assert.match(said('big', EACCES).message, /big: permission denied/);
  assert.match(said('', EOPNOTSUPP).message, /its root: its file system has no labels/);
  assert.equal(said('', EPERM).code, 'ERR_TSRUN_MOUNT_SOURCE');
});
