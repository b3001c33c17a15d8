import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { askedPrivilege, checkPrivilege, choosePrivilege, type PrivilegeInput, type PrivilegeOptions } from '../../src/bundle/privilege.js';
import { CAPABILITIES } from '../../src/security/capabilities.js';
import { MASKED_PATHS, READONLY_PATHS } from '../../src/security/paths.js';
import { readProfile } from '../../src/security/seccomp/read-profile.js';

const FACTS = { arch: 'x64', kernel: '6.1', thermalPaths: ['/sys/t'] } as const;

function choose(options: PrivilegeOptions, more: Partial<PrivilegeInput> = {}) {
  return choosePrivilege({ options, facts: FACTS, ids: { mode: 'range', uid: [], gid: [] }, uid: 0, ownUserns: true, ...more });
}

describe('what a container may do', () => {
  it('is docker’s default, and with a single id setuid programs lead nowhere', () => {
    const { noNewPrivileges, maskedPaths, readonlyPaths, seccomp, writableSys, sysctl } = choose({});
    assert.deepEqual([noNewPrivileges, writableSys, sysctl], [false, false, {}]);
    assert.deepEqual(maskedPaths, [...MASKED_PATHS, '/sys/t']);
    assert.deepEqual(readonlyPaths, READONLY_PATHS);
    assert.equal(seccomp?.defaultAction, 'SCMP_ACT_ERRNO');
    assert.equal(choose({}, { ids: { mode: 'single', uid: [], gid: [] } }).noNewPrivileges, true);
  });

  it('follows --security-opt, either way', () => {
    const single: Partial<PrivilegeInput> = { ids: { mode: 'single', uid: [], gid: [] } };
    assert.equal(choose({ securityOpt: ['no-new-privileges'] }).noNewPrivileges, true);
    assert.equal(choose({ securityOpt: ['no-new-privileges=false'] }, single).noNewPrivileges, false);
    assert.equal(choose({ securityOpt: ['seccomp=unconfined'] }).seccomp, undefined);
    const { maskedPaths, readonlyPaths } = choose({ securityOpt: ['unmask=/proc/k*:/proc/sys', 'mask=/x'] });
    assert.ok(maskedPaths.includes('/x') && !maskedPaths.includes('/proc/kcore') && !readonlyPaths.includes('/proc/sys'));
    assert.ok(maskedPaths.includes('/proc/scsi') && readonlyPaths.includes('/proc/irq'));
    const all = choose({ securityOpt: ['systempaths=unconfined'] });
    assert.deepEqual([all.maskedPaths, all.readonlyPaths], [[], []]);
  });

  it('gains no privileges behind Landlock, and cannot have both', () => {
    assert.equal(choose({ landlock: ['write=/tmp'] }).noNewPrivileges, true);
    assert.equal(choose({ landlock: ['write=/tmp'], privileged: true }).noNewPrivileges, true);
    assert.throws(() => choose({ landlock: ['write='], securityOpt: ['no-new-privileges=false'] }), { code: 'ERR_TSRUN_USAGE' });
  });

  it('is what an AppArmor profile leaves of it, which --privileged does not take away', () => {
    assert.equal(choose({ securityOpt: ['apparmor=web'], privileged: true, landlock: ['exec=/bin'] }).apparmor, 'web');
    assert.equal(choose({ securityOpt: ['apparmor=web', 'apparmor=unconfined'], landlock: ['write='] }).apparmor, undefined);
    assert.throws(() => checkPrivilege({ securityOpt: ['apparmor=web'], landlock: ['write='] }, CAPABILITIES), {
      code: 'ERR_TSRUN_UNSUPPORTED',
    });
  });

  it('with --privileged is all that the caller has; what is asked for besides still counts', () => {
    const { capabilities, noNewPrivileges, maskedPaths, readonlyPaths, seccomp, writableSys } = choose(
      { privileged: true },
      { ids: { mode: 'single', uid: [], gid: [] } },
    );
    assert.deepEqual(capabilities.bounding, CAPABILITIES);
    assert.deepEqual([noNewPrivileges, maskedPaths, readonlyPaths, seccomp, writableSys], [false, [], [], undefined, true]);
    const less = choose({ privileged: true, securityOpt: ['no-new-privileges', 'seccomp=default', 'mask=/x'], capDrop: ['SYS_ADMIN'] });
    assert.deepEqual([less.noNewPrivileges, less.maskedPaths], [true, ['/x']]);
    assert.ok(less.seccomp?.syscalls?.every(({ names, action }) => action !== 'SCMP_ACT_ALLOW' || !names.includes('mount')));
    const { capabilities: reduced } = choose({ privileged: true }, { facts: { ...FACTS, boundingSet: ['CAP_CHOWN'] } });
    assert.deepEqual(reduced.bounding, ['CAP_CHOWN']);
  });

  it('takes a profile that was read, for the capabilities that are granted', () => {
    const text = JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mount'], action: 'SCMP_ACT_ERRNO', excludes: { caps: ['CAP_SYS_ADMIN'] } }],
    });
    const rules = (options: PrivilegeOptions) =>
      choose({ securityOpt: ['seccomp=p'], ...options }, { profile: readProfile(text, 'p') }).seccomp?.syscalls?.length;
    assert.deepEqual([rules({}), rules({ capAdd: ['sys_admin'] }), rules({ privileged: true })], [1, 0, 0]);
  });

  it('refuses a profile under which no command could be started: the filter is there first', () => {
    const start = (syscalls: object[], defaultAction = 'SCMP_ACT_ERRNO') => {
      const profile = readProfile(JSON.stringify({ defaultAction, syscalls }), 'p');
      return choose({ securityOpt: ['seccomp=p'] }, { profile });
    };
    const names = 'capset chdir execve execveat exit_group fcntl getcwd prctl sendto setgroups setresgid setresuid write'.split(' ');
    const allowed = { names, action: 'SCMP_ACT_ALLOW' };
    assert.ok(start([allowed]).seccomp);
    assert.ok(start([{ names: ['prctl'], action: 'SCMP_ACT_ERRNO', args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }] }], 'SCMP_ACT_ALLOW'));
    const refused = (message: RegExp) => ({ code: 'ERR_TSRUN_UNSUPPORTED', message });
    assert.throws(() => start([]), refused(/refuses capset, chdir, .*write: no command/));
    assert.throws(() => start([{ names: ['execve'], action: 'SCMP_ACT_KILL' }], 'SCMP_ACT_ALLOW'), refused(/refuses execve: /));
    assert.throws(() => start([{ ...allowed, names: names.slice(1) }]), refused(/refuses capset: /));
  });

  it('--disable-userns is refused where it could be undone, or would be another container’s', () => {
    assert.deepEqual(choose({ disableUserns: true }).sysctl, { 'user.max_user_namespaces': '0' });
    const refused = { code: 'ERR_TSRUN_UNSUPPORTED', message: /--disable-userns/ };
    assert.throws(() => choose({ disableUserns: true, capAdd: ['SYS_RESOURCE'] }), refused);
    assert.throws(() => choose({ disableUserns: true, privileged: true }), refused);
    assert.throws(() => choose({ disableUserns: true }, { ownUserns: false }), refused);
    assert.ok(choose({ disableUserns: true, privileged: true, capDrop: ['SYS_RESOURCE'] }).sysctl);
  });

  it('is kept as it was asked for', () => {
    assert.equal(askedPrivilege({ capAdd: [], privileged: false }), undefined);
    assert.deepEqual(askedPrivilege({ capAdd: ['chown'], capDrop: ['all'], securityOpt: ['label=disable'] }), {
      ...{ capAdd: ['CAP_CHOWN'], capDrop: ['ALL'], securityOpt: ['label=disable'], privileged: false },
    });
  });
});
