/** What the kernel has besides. Pure. */
import { check, found, missing, outcome } from './check.js';
import { delegateControlGroups, unifyControlGroups } from './distribution.js';

const UNMASK =
  'in a container: start the outer one with --nested, with --security-opt systempaths=unconfined (docker), unmask=ALL (podman), or procMount: Unmasked (Kubernetes)';
const FORMS = {
  fresh: 'fresh, mounted',
  subset: `subset: parts of the one around are hidden; a container has its own, with processes and nothing else; for a whole one, ${UNMASK}`,
  bound: `bound: parts of the one around are hidden; a container has that, read-only, with the processes there; for its own, ${UNMASK}`,
};

const proc = check(
  { name: 'proc', required: true, purpose: "a container's own /proc", without: 'no container runs' },
  ({ proc: tried, system }) => outcome(tried, FORMS[system?.proc ?? 'fresh'], UNMASK),
);

const seccomp = check(
  { name: 'seccomp', required: true, purpose: 'the filter of system calls', without: 'no container runs' },
  ({ seccomp: tried }) => outcome(tried, 'the default filter was installed', 'run a kernel with CONFIG_SECCOMP_FILTER'),
);

const landlock = check(
  {
    name: 'landlock',
    purpose: 'a second wall around files, for what asks for it',
    without: 'containers are no weaker: it is never used unasked',
  },
  ({ landlock: answer }) =>
    'version' in answer
      ? found(`ABI ${answer.version}`)
      : missing(answer.why, "add landlock to the list of lsm= on the kernel's command line, on Linux 5.13 or newer"),
);

/** Of those that limits are made of. */
const CONTROLLERS = ['cpu', 'memory', 'pids'];

const cgroup = check(
  {
    name: 'cgroup',
    purpose: 'control groups of version 2 that you may divide, for limits of memory, CPU and processes',
    without: 'containers have no such limits',
  },
  ({ cgroup: { version, path, controllers, writable } }, distribution) => {
    if (version === 0) return missing('/sys/fs/cgroup holds no control groups');
    if (version === 1) return missing('this host has those of version 1', unifyControlGroups(distribution));
    if (!writable.works) return missing(`${path} is not delegated: ${writable.why}`, ...delegateControlGroups(distribution));
    const lacking = CONTROLLERS.filter((name) => !controllers.includes(name));
    if (lacking.length > 0) return missing(`${path} lacks ${lacking.join(', ')}`, ...delegateControlGroups(distribution));
    return found(`${path}: ${controllers.join(' ')}`);
  },
);

const runtime = check(
  {
    name: 'runtime-directory',
    required: true,
    purpose: 'sockets and pids of what runs, gone with the boot',
    without: 'no container runs',
  },
  ({ runtime: { path, asked, isAsked, ...tried }, host: { uid } }) => {
    if (!tried.works) return missing(tried.why, tried.cure);
    if (uid === 0 || isAsked) return found(path);
    return found(
      `${path} stands in for XDG_RUNTIME_DIR, which is ${asked === '' ? 'not set' : `${asked}, and not a private directory of yours`}`,
    );
  },
);

export const hostChecks = [proc, seccomp, landlock, cgroup, runtime];
