/**
 * A container without namespaces (`--isolation landlock`) as operations: a process of the caller's, in a copy of the image that is his, that
 * Landlock and the filter of system calls keep there. Its paths are the host's. Pure: golden files test it.
 */
import { dirname } from 'node:path';
import { isWithin, placeOf } from '../bundle/place.js';
import { confinementRuleset } from '../security/landlock.js';
import { compileSeccomp } from '../security/seccomp/compile.js';
import { RLIMIT_LOCKS } from '../security/seccomp/confined.js';
import type { Seccomp, Process as SpecProcess } from '../spec/runtime.js';
import type { ContainerInput, ContainerOperations } from './container.js';
import { course, fromFirstToLast, mannerOf, processOf, streamsOf } from './course.js';
import { landlockOperation, limitOperations } from './credentials.js';
import { O_PATH_DIRECTORY } from './numbers.js';
import type { Operation } from './operations.js';
import { passedDescriptors, searchPath } from './process.js';
import type { ConfinedSettings } from './settings.js';
import { writtenDirectory } from './stack.js';
import { type Caller, streamOperations } from './streams.js';

/** Where its files are, as real paths: no link leads to them. */
export interface ConfinedPlaces {
  /** Its root file system; may hold slot('id'). */
  root: string;
  /** Its image, unpacked: what it is copied from, and where its interpreters are. */
  image: string;
}

/** What the plans of a process in it need. */
export interface Confined extends ConfinedSettings, ConfinedPlaces {
  readOnly: boolean;
}

export function rootOf(containerDir: string): string {
  return `${writtenDirectory(containerDir)}/root`;
}

/** @param caller whom the command is connected to; undefined: nobody, it outlives its caller */
export function confinedOperations(input: ContainerInput, caller: Caller | undefined): ContainerOperations {
  const { spec, settings, places, containerDir } = input;
  if (settings.confined === undefined || places === undefined) throw new TypeError('this container has namespaces');
  const confined = { ...settings.confined, ...places, readOnly: spec.root?.readonly ?? false };
  const process = processOf(spec);
  const manner = mannerOf(input, caller);
  const streams = streamOperations(streamsOf(input, manner, caller, input.callerUid));
  const run: Operation[] = [
    ['stage', 'clone'],
    ['clone', 'child', 0],
    ['name-process', 'child', 'container'],
    // All that it starts has the mark, and ends with it.
    ['marked-members', confined.mark],
    ['clone', 'keeper', 0],
    ...course(input, manner, { caller, connect: streams.connect }),
  ];
  const how = { seccomp: spec.linux?.seccomp, arch: input.arch, init: settings.init, passed: input.passed };
  const keeper: Operation[] = [
    ['stage', 'keep'],
    ['marked-members', confined.mark],
    ['keep', 'container', 'lock'],
  ];
  return {
    parent: [...copied(containerDir, settings.root), ...fromFirstToLast(input, manner, run)],
    others: [
      { name: 'child', operations: confinedChild(confined, process, streams.inside, how) },
      { name: 'keeper', operations: keeper },
    ],
  };
}

/** Under its own name only when it is whole. */
function copied(containerDir: string, root: ContainerInput['settings']['root']): Operation[] {
  if (root.type !== 'copy') throw new TypeError('without namespaces a container has a copy of its image');
  const written = writtenDirectory(containerDir);
  const half = `${written}/new-root`;
  return [
    ['lock', dirname(root.path), 0, 'layer-lock.0'],
    ['unless', written, [['mkdir', written, 0o700]]],
    [
      'unless',
      rootOf(containerDir),
      [
        ['remove-tree', half],
        ['mkdir', half, 0o700],
        ['copy-tree', root.path, half],
        ['rename', half, rootOf(containerDir)],
      ],
    ],
  ];
}

interface Manner {
  seccomp: Seccomp | undefined;
  arch: 'x64' | 'arm64';
  init?: boolean;
  passed?: number | undefined;
  /** The container's first process, by its descriptor, of one that is executed in it. */
  entered?: string;
}

/** Its first process, or one that is executed in it. The walls come last: behind them it is the command's, but for the exec. */
export function confinedChild(
  confined: Confined,
  process: SpecProcess,
  streams: readonly Operation[],
  { seccomp, arch, init = false, passed, entered }: Manner,
): Operation[] {
  const { mark } = confined;
  const cwd = placeOf(confined, process.cwd);
  return [
    ['stage', 'enter'],
    ['die-with-parent'],
    ['undumpable'],
    ['new-session'],
    ['umask', 0],
    ['open', '/', O_PATH_DIRECTORY, 'root'],
    ...streams.filter(([name]) => name !== 'console-at'), // there is no /dev of its own
    ['stage', 'process'],
    ...(isWithin(confined.root, cwd)
      ? ([
          ['open', confined.root, O_PATH_DIRECTORY, 'rootfs'],
          ['mkdir-at', 'rootfs', process.cwd, 0o755],
          ['chdir-at', 'rootfs', process.cwd],
        ] satisfies Operation[])
      : ([['chdir', cwd, 2]] satisfies Operation[])),
    ...(init ? ([['seal', 1]] satisfies Operation[]) : []),
    ...limitOperations(process),
    ['rlimit', RLIMIT_LOCKS, mark, mark],
    ...(entered === undefined ? [] : ([['check-alive', entered]] satisfies Operation[])),
    ['umask', process.user.umask ?? 0o022],
    ['no-new-privileges'],
    ['capabilities', 0, 0, 0, 0],
    ['stage', 'confine'],
    landlockOperation('root', confinementRuleset(reachOf(confined))),
    ...(seccomp ? ([['seccomp', compileSeccomp(seccomp, arch)]] satisfies Operation[]) : []),
    ['die-with-parent'],
    ...passedDescriptors(passed),
    ['stage', 'exec'],
    [init ? 'init' : 'exec', commandOf(confined, process.args), process.env ?? [], searchPath(process)],
  ];
}

function reachOf({ root, image, readOnly, read, write, offline }: Confined) {
  return { read: [image, ...(readOnly ? [root] : []), ...read], write: [...(readOnly ? [] : [root]), ...write], offline };
}

/** A name without a slash is looked up in the PATH, whose directories are places already; a relative one from the working directory. */
function commandOf(confined: Confined, [command = '', ...args]: readonly string[]): string[] {
  return [command.startsWith('/') ? placeOf(confined, command) : command, ...args];
}
