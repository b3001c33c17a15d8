/** A further process for a container that runs: from its own spec and what `exec` was asked for. Pure. */
import { TsrunError } from '../errors.js';
import { CAPABILITIES, type Capability, capabilitySets } from '../security/capabilities.js';
import type { IdMapping } from '../security/idmap.js';
import type { Process, RuntimeSpec } from '../spec/runtime.js';
import { mappedUser } from './build.js';
import { checkText } from './check.js';
import { buildEnv } from './env.js';
import { parseEnvFile } from './env-file.js';
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
  /** Text of the container's /etc/passwd and /etc/group as they are now. */
  passwd: string;
  group: string;
  envFiles: readonly { path: string; text: string }[];
  /** Names (never values) set in the caller's environment. */
  envNames: ReadonlySet<string>;
}

/** @throws ERR_TSRUN_USAGE, ERR_TSRUN_USER_NOT_FOUND, ERR_TSRUN_ID_MAP */
export function buildExec({ spec, ids, command, options, addedGroups = [], passwd, group, envFiles, envNames }: ExecBuildInput): Process {
  const own = spec.process;
  if (own === undefined) throw new TypeError('a container has a process');
  for (const text of command) checkText(text, 'an argument', 'ERR_TSRUN_USAGE');
  const asked = options.user === undefined || options.user === '' ? undefined : resolveUser(options.user, passwd, group);
  const user = asked ? withGroups(mappedUser(asked, ids, []), addedGroups, ids) : own.user;
  const granted = options.privileged ? CAPABILITIES : ((own.capabilities?.bounding ?? []) as Capability[]);
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
    capabilities: capabilitySets(user.uid, granted),
    ...(own.rlimits ? { rlimits: own.rlimits } : {}),
    noNewPrivileges: options.privileged && ids.setgroups === 'allow' ? false : (own.noNewPrivileges ?? false),
  };
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
