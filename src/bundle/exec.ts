/** A further process for a container that runs: from its own spec and what `exec` was asked for. Pure. */
import { TsrunError } from '../errors.js';
import { CAPABILITIES, type Capability, capabilitySets } from '../security/capabilities.js';
import type { IdMapping } from '../security/idmap.js';
import type { Capabilities, Process, RuntimeSpec } from '../spec/runtime.js';
import { mappedUser } from './build.js';
import { checkText } from './check.js';
import { checkConfinedUser } from './confined-options.js';
import { buildEnv } from './env.js';
import { parseEnvFile } from './env-file.js';
import type { AskedPrivilege } from './privilege.js';
import { buildCwd } from './process.js';
import { withGroups } from './situation.js';
import { type ResolvedUser, resolveUser } from './user.js';

export interface ExecBuildInput {
  spec: RuntimeSpec;
  ids: IdMapping;
  command: readonly string[];
  options: { tty?: boolean; env?: string[]; workdir?: string; user?: string; privileged?: boolean };
  /** `--group-add` of the container. */
  addedGroups?: readonly number[];
  /** --cap-add and the like of the container. */
  privilege?: AskedPrivilege;
  /** Capabilities that the caller can give away; absent: all. */
  boundingSet?: readonly Capability[];
  /** It has rules of Landlock: they hold for a privileged one too, and no setuid program leads past no_new_privs. */
  landlocked?: boolean;
  /** It has no namespaces: there is one user. */
  confined?: boolean;
  /** Text of the container's /etc/passwd and /etc/group as they are now. */
  passwd: string;
  group: string;
  envFiles: readonly { path: string; text: string }[];
  /** Names (never values) set in the caller's environment. */
  envNames: ReadonlySet<string>;
}

/** @throws ERR_TSRUN_USAGE, ERR_TSRUN_USER_NOT_FOUND, ERR_TSRUN_ID_MAP */
export function buildExec(input: ExecBuildInput): Process {
  const { spec, ids, command, options, addedGroups = [], landlocked = false, envFiles, envNames } = input;
  const own = spec.process;
  if (own === undefined) throw new TypeError('a container has a process');
  for (const text of command) checkText(text, 'an argument', 'ERR_TSRUN_USAGE');
  const asked = askedUser(input, own);
  const user = asked ? withGroups(mappedUser(asked, ids, []), addedGroups, ids) : own.user;
  return {
    terminal: options.tty ?? false,
    user: { ...user, ...(own.user.umask === undefined ? {} : { umask: own.user.umask }) },
    args: [...command],
    env: buildEnv({
      image: inherited(own.env ?? [], asked),
      files: envFiles.flatMap(({ path, text }) => parseEnvFile(text, path)),
      options: options.env ?? [],
      callerNames: envNames,
      home: asked?.home ?? '/',
      hostname: spec.hostname ?? '',
      terminal: options.tty ?? false,
    }),
    cwd: options.workdir ? buildCwd(undefined, options.workdir) : own.cwd,
    capabilities: capabilitiesOf(input, own, user.uid),
    ...(own.rlimits ? { rlimits: own.rlimits } : {}),
    ...(own.apparmorProfile === undefined ? {} : { apparmorProfile: own.apparmorProfile }),
    ...(own.selinuxLabel === undefined ? {} : { selinuxLabel: own.selinuxLabel }),
    noNewPrivileges: options.privileged && ids.setgroups === 'allow' && !landlocked ? false : (own.noNewPrivileges ?? false),
  };
}

function askedUser({ options: { user = '' }, confined, passwd, group }: ExecBuildInput, own: Process): ResolvedUser | undefined {
  if (confined) checkConfinedUser(user, own.user);
  return user === '' || confined ? undefined : resolveUser(user, passwd, group);
}

/** The container's, and of those what was asked for by name for a user other than root too. */
function capabilitiesOf(
  { spec, options, privilege, boundingSet = CAPABILITIES }: ExecBuildInput,
  own: Process,
  uid: number,
): Required<Capabilities> {
  const container = (own.capabilities?.bounding ?? []) as Capability[];
  const more = boundingSet.filter((name) => !(name === 'CAP_SYS_RESOURCE' && isWithoutUserns(spec)));
  const granted = options.privileged ? [...new Set([...container, ...more])] : container;
  const asked = privilege?.capAdd ?? [];
  return capabilitySets(uid, granted, asked.includes('ALL') ? granted : (asked as Capability[]));
}

/** --disable-userns: what may raise the limit is not to be had there, not even by a privileged exec. */
function isWithoutUserns({ linux }: RuntimeSpec): boolean {
  return linux?.sysctl?.['user.max_user_namespaces'] === '0';
}

/** What `exec --privileged` does not give in this container, and why. */
export function withheldNote(spec: RuntimeSpec): string | undefined {
  return isWithoutUserns(spec)
    ? 'exec --privileged: without CAP_SYS_RESOURCE, by which the --disable-userns of this container could be undone'
    : undefined;
}

/** The container's own variables. Another user has another home; the terminal is the caller's. */
function inherited(env: readonly string[], asked: ResolvedUser | undefined): string[] {
  return env.filter((variable) => !variable.startsWith('TERM=') && !(asked && variable.startsWith('HOME=')));
}

/** @throws ERR_TSRUN_USAGE */
export function checkCommand(command: readonly string[]): void {
  if (command.length === 0 || command[0] === '')
    throw new TsrunError('ERR_TSRUN_USAGE', 'no command specified', { hint: 'write it behind the container: tsrun exec NAME COMMAND' });
}
