/** `exec`: another process in a container that runs. */

import { readEnvFile } from '../bundle/env-file.js';
import { buildExec, checkCommand, withheldNote } from '../bundle/exec.js';
import { parseDetachKeys } from '../container/detach-keys.js';
import { identityOf } from '../container/identity.js';
import { rootDirectories } from '../container/root.js';
import { settingsOf } from '../container/settings.js';
import { TsrunError } from '../errors.js';
import type { StorePaths } from '../paths.js';
import { compileExecPlan } from '../plan/exec.js';
import type { Plan } from '../plan/operations.js';
import type { Caller } from '../plan/streams.js';
import { readAccounts } from '../rootfs/lookup.js';
import { launch } from '../runtime/spawn.js';
import { inheritedStreams, pipedStreams } from '../runtime/streams.js';
import { onlyFakeRoot } from '../security/seccomp/fake-root.js';
import { checkArguments } from './check-arguments.js';
import { type Compiled, compiled } from './compiled.js';
import { confinedOf, refuseConfined } from './confined-places.js';
import { runningContainer } from './existing-container.js';
import { callersBoundingSet, callersVariables, ownArch } from './host.js';
import type { ExecOptions } from './options.js';
import { eventSource } from './record.js';
import { type RunningProcess, runningProcess } from './running.js';
import { openSession } from './session.js';

/** Resolves once the command runs. @throws TsrunError: everything that `tsrun exec` would print */
export async function exec(name: string, command: string[], options: ExecOptions = {}): Promise<RunningProcess> {
  const own = checkArguments({ container: name, command }, options);
  return runningProcess(() => planExec(openSession(own).paths, name, command, own, { streams: pipedStreams() }), own.signal);
}

/** `exec -d`: resolves once it runs; it outlives this process, and its output is dropped. */
export async function execDetached(name: string, command: string[], options: ExecOptions = {}): Promise<void> {
  checkArguments({ container: name, command }, options);
  const plan = planExec(openSession(options).paths, name, command, options, undefined);
  await launch(plan, ['ignore', 'ignore', 'inherit']).ended;
}

/** For the helper that forked this process. */
export async function compileExec(
  name: string,
  command: string[],
  options: ExecOptions & { detach?: boolean; detachKeys?: string | undefined; preserveFds?: number },
): Promise<Compiled> {
  const { paths } = openSession(options);
  const caller = options.detach ? undefined : { streams: inheritedStreams(), detachKeys: parseDetachKeys(options.detachKeys) };
  return compiled(planExec(paths, name, command, options, caller, options.preserveFds));
}

function planExec(
  paths: StorePaths,
  name: string,
  command: string[],
  options: ExecOptions,
  caller: Caller | undefined,
  preserveFds = 0,
): Plan {
  checkCommand(command);
  const { container, spec, pid, startTime } = runningContainer(paths, name);
  if (container.status === 'paused')
    throw new TsrunError('ERR_TSRUN_CONTAINER_PAUSED', `the container ${container.name} is paused`, {
      subject: container.name,
      hint: `let it go on first: tsrun unpause ${container.name}`,
    });
  const { ids } = identityOf(spec);
  const settings = settingsOf(paths, spec, container.name);
  const withheld = options.privileged ? withheldNote(spec) : undefined;
  if (withheld !== undefined) options.onNote?.(withheld);
  if (options.privileged) refuseConfined(container.name, settings, 'exec --privileged cannot be had', 'leave it out');
  const process = buildExec({
    spec,
    ids,
    command,
    options,
    addedGroups: settings.groups ?? [],
    ...(settings.privilege ? { privilege: settings.privilege } : {}),
    boundingSet: callersBoundingSet(),
    landlocked: settings.landlock !== undefined,
    confined: settings.confined !== undefined,
    ...readAccounts(rootDirectories(settings.root, container.directory)),
    envFiles: (options.envFile ?? []).map((path) => ({ path, text: readEnvFile(path) })),
    envNames: callersVariables(globalThis.process.env),
  });
  const profile = spec.linux?.seccomp;
  const seccomp = options.privileged ? profile && onlyFakeRoot(profile) : profile;
  return compileExecPlan({
    pid,
    startTime,
    process,
    events: eventSource(paths, container, spec),
    namespaces: spec.linux?.namespaces ?? [],
    ids,
    ...(seccomp ? { seccomp } : {}),
    landlock: settings.landlock,
    confined: confinedOf(container.directory, settings, spec.root?.readonly ?? false),
    arch: ownArch(),
    interactive: options.interactive ?? false,
    ...(caller ? { caller } : {}),
    passed: preserveFds,
  });
}
