/** A failure record of the helper → a sentence with advice. Every row is a failure that users meet; the rest says what it knows. */
import { basename } from 'node:path';
import { TsrunError } from '../errors.js';
import { explainAttribute, explainRelabel } from './explain-attribute.js';
import { explainAttached, explainHeld, explainProcess, explainSocket } from './explain-control.js';
import { explainExec } from './explain-exec.js';
import { explainLandlock } from './explain-landlock.js';
import {
  explainChown,
  explainCopyUp,
  explainIdmap,
  explainLayer,
  explainMount,
  explainSource,
  explainSubtree,
  explainTarget,
  explainVolume,
} from './explain-mounts.js';
import { explainClone, explainJoin, explainMap, explainNamespaceFile, explainRefusal } from './explain-namespaces.js';
import { explainListen, explainNetwork, explainNetworkExec } from './explain-network.js';
import { type HostFacts, readHostFacts } from './host-facts.js';
import { ERRNO, type FailureRecord, reason, shown } from './record.js';

/** Pure but for the default of `facts`. */
export function explainFailure(record: FailureRecord, facts: HostFacts = readHostFacts()): TsrunError {
  return EXPLANATIONS.get(record.operation)?.(record, facts) ?? explainAny(record, facts);
}

type Explanation = (record: FailureRecord, facts: HostFacts) => TsrunError | undefined;

const EXPLANATIONS = new Map<string, Explanation>(
  Object.entries({
    exec: (record) => explainNetworkExec(record) ?? explainExec(record),
    listen: explainListen,
    'await-ready': explainNetwork,
    join: explainJoin,
    init: explainExec,
    clone: explainClone,
    'map-ids': explainMap,
    mkdir: explainFiles,
    'write-file': explainFiles,
    'replace-file': explainFiles,
    'copy-tree': explainFiles,
    open: (record) => explainSocket(record) ?? explainVolume(record) ?? explainFuse(record) ?? explainNamespaceFile(record),
    connect: explainSocket,
    'attach-to': explainAttached,
    attend: explainAttached,
    'open-process': explainProcess,
    'check-alive': explainProcess,
    fuse: explainFuse,
    symlink: explainFiles,
    lock: (record) => explainLayer(record) ?? explainVolume(record) ?? explainHeld(record) ?? explainFiles(record),
    mount: explainMount,
    'mount-at': explainMount,
    'open-tree': explainSource,
    'idmap-tree': explainIdmap,
    'bind-at': explainTarget,
    subtree: explainSubtree,
    'copy-up': explainCopyUp,
    'chown-tree': explainChown,
    'relabel-tree': explainRelabel,
    chdir: explainWorkdir,
    'chdir-at': explainWorkdir,
    'mkdir-at': explainWorkdir,
    rlimit: explainLimit,
    'new-keyring': explainKeyring,
    'sysctl-at': explainSysctl,
    'pass-descriptors': explainDescriptor,
    decode: explainPlan,
    seal: explainSeal,
    landlock: explainLandlock,
    'check-killable': explainAttribute,
    'exec-attribute': explainAttribute,
    'label-seal': explainAttribute,
  }),
);

/** Asked for by name: a trial would have gone on to a copy. */
function explainFuse({ process, path, error }: FailureRecord): TsrunError | undefined {
  if (process !== 'storage') return undefined;
  return new TsrunError('ERR_TSRUN_OVERLAY', `fuse-overlayfs cannot be used here: ${path || 'fuse'}: ${reason(error)}`, {
    subject: path,
    hint: 'as root: modprobe fuse, and chmod 666 /dev/fuse; or leave TSRUN_STORAGE unset',
  });
}

function explainFiles({ operation, path, error }: FailureRecord): TsrunError | undefined {
  switch (error) {
    case ERRNO.EEXIST:
      if (operation === 'symlink')
        return new TsrunError('ERR_TSRUN_NAME_IN_USE', `the name ${shown(basename(path))} is used by another container`, {
          subject: basename(path),
          hint: `choose another name, or remove it first: tsrun rm ${basename(path)}`,
        });
      return new TsrunError('ERR_TSRUN_FILE_EXISTS', `${path} exists already`, { subject: path, hint: 'remove it, or name another file' });
    case ERRNO.ENOSPC:
    case ERRNO.EDQUOT:
      return new TsrunError('ERR_TSRUN_DISK_FULL', `no space left to make ${path}`, {
        subject: path,
        hint: 'free some space, or put the store elsewhere with --root',
      });
    case ERRNO.EROFS:
    case ERRNO.EACCES:
    case ERRNO.ENOENT:
      return new TsrunError('ERR_TSRUN_STORE_UNREADABLE', `cannot make ${path}: ${reason(error)}`, {
        subject: path,
        hint: 'make the directory writable, or put the store elsewhere with --root and --run-root',
      });
    case ERRNO.ENAMETOOLONG:
    case ERRNO.EFBIG:
      return new TsrunError('ERR_TSRUN_STORE_UNREADABLE', `cannot make ${path}: ${reason(error)}`, {
        subject: path,
        hint: error === ERRNO.EFBIG ? 'raise the limit with ulimit -f' : 'use shorter names',
      });
    default:
      return undefined;
  }
}

function explainWorkdir({ path, error }: FailureRecord): TsrunError {
  const known = new Map<number, string>([
    [ERRNO.EXDEV, 'it lies outside of the container'],
    [ERRNO.EEXIST, 'it is a link to what is not there'],
  ]);
  const why = known.get(error) ?? reason(error);
  return new TsrunError('ERR_TSRUN_CONFIG_INVALID', `the working directory ${shown(path)} cannot be entered: ${why}`, {
    subject: path,
    hint: 'name another one with -w',
  });
}

function explainLimit({ error }: FailureRecord): TsrunError | undefined {
  if (error !== ERRNO.EPERM) return undefined;
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', 'a resource limit is above what this user may set', {
    hint: 'ask for less, or raise the hard limit of the caller',
  });
}

function explainKeyring({ error }: FailureRecord): TsrunError | undefined {
  if (error !== ERRNO.EDQUOT) return undefined;
  return new TsrunError(
    'ERR_TSRUN_UNSUPPORTED',
    'the container cannot have a keyring of its own: its user has as many keys as are allowed',
    {
      hint: 'end other containers, or as root: sysctl -w kernel.keys.maxkeys=2000',
    },
  );
}

function explainSysctl({ path, error }: FailureRecord): TsrunError {
  const name = path.replace('sys/', '').replaceAll('/', '.');
  const why = error === ERRNO.ENOENT ? 'this kernel has no such variable for a container' : reason(error);
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `the kernel variable ${name} cannot be set in the container: ${why}`, {
    subject: name,
    hint: 'leave it out of --sysctl, or correct its value',
  });
}

function explainDescriptor({ path }: FailureRecord): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `--preserve-fds: tsrun’s caller has no descriptor ${path} open`, {
    subject: path,
    hint: 'open all of them in a row from 3 on: 3< FILE',
  });
}

/** The helper refused what the compiler made. */
function explainPlan({ path }: FailureRecord): TsrunError {
  return new TsrunError('ERR_TSRUN_LAUNCH', `the native helper refuses the launch plan: ${path}`, {
    hint: path.includes('too large') ? 'pass less, or through a file' : 'install tsrun and its helper in the same version',
  });
}

/** Before it runs a command the helper makes a copy of itself that the container cannot write to. */
function explainSeal({ error }: FailureRecord): TsrunError | undefined {
  if (error === ERRNO.EFBIG) {
    return new TsrunError('ERR_TSRUN_LAUNCH', 'the limit of file sizes is too small to start a container', {
      hint: 'raise it with ulimit -f: one megabyte will do',
    });
  }
  if (error !== ERRNO.EACCES) return undefined;
  return new TsrunError('ERR_TSRUN_LAUNCH', 'this host forbids programs in memory files (vm.memfd_noexec is 2)', {
    hint: 'as root: sysctl -w vm.memfd_noexec=1, or install tsrun as root',
  });
}

/** What the root of a user namespace may do, and nobody without one. */
const NEEDS_NAMESPACE = new Set(
  'attach bind-at capabilities device-at hostname loopback-up mask-at mount mount-at pivot propagation set-fs-ids set-ids set-single-ids staging'.split(
    ' ',
  ),
);
const REFUSALS: readonly number[] = [ERRNO.EPERM, ERRNO.EACCES, ERRNO.ENOSYS];

function explainAny({ process: which, stage, operation, path, error }: FailureRecord, facts: HostFacts): TsrunError {
  const refusal = NEEDS_NAMESPACE.has(operation) && REFUSALS.includes(error) ? explainRefusal(facts) : undefined;
  if (refusal !== undefined) return refusal;
  if (operation === 'await' || operation === 'await-exec')
    return new TsrunError('ERR_TSRUN_LAUNCH', `the container’s process ended while it was being set up (stage ${stage})`, {
      hint: 'it was killed, or the machine is out of memory: see dmesg',
    });
  return new TsrunError(
    'ERR_TSRUN_LAUNCH',
    `starting the container failed at ${operation}${path === '' ? '' : ` of ${path}`} (${which}, ${stage}): ${reason(error)}`,
    {
      ...(path === '' ? {} : { subject: path }),
      hint: error === ERRNO.ENOSYS ? 'tsrun needs Linux 5.11 or newer' : 'see what tsrun meant to do with --dry-run',
    },
  );
}
