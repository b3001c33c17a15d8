/** The launch plans of a container's beginning: run, run -d, create, start. Pure: golden files test them. */
import type { BuiltFile } from '../bundle/build.js';
import type { RuntimeSpec } from '../spec/runtime.js';
import { confinedOperations } from './confined.js';
import { type ContainerInput, containerOperations, isWithdrawn } from './container.js';
import { isAttendedStart } from './course.js';
import { attended, detached } from './detached.js';
import { jsonText } from './encode.js';
import { tellCreated, tellMade } from './events.js';
import type { Operation, Plan } from './operations.js';
import { slot } from './slot.js';
import { pauseFile, replaceStatus, stopFile, writeStatus } from './status.js';
import type { Stewarded } from './steward.js';
import type { Caller } from './streams.js';
import { makeVolumes } from './volumes.js';

/** A container that is not there yet: its directories hold slot('id'). */
export interface NewContainer extends Omit<ContainerInput, 'fresh' | 'files'> {
  files: readonly BuiltFile[];
  /** What its directory is called until it is locked; on the same file system. */
  unlockedDir: string;
  /** `<data>/v1/names/NAME`, for one with a name. */
  nameLink?: string;
  cidfile?: string;
  /** Says whose ids those are that it alone has; for one that has such. */
  slice?: string;
}

/** @param caller whom the command is connected to; undefined: `-d`, the id is printed once it runs */
export function compileRunPlan(container: NewContainer, caller: Caller | undefined): Plan {
  const input: ContainerInput = { ...container, fresh: true, files: container.files.map(({ name }) => name) };
  const made = volumes(container, input);
  const first = [...tellMade(input), ...claim(container, input), ...record(container), ...made.operations];
  return start(input, { operations: first, processes: made.processes }, caller, `${slot('id')}\n`);
}

/** Everything but its processes. Prints the id. */
export function compileCreatePlan(made: NewContainer): Plan {
  // `--rm` is about its end: until it has been started it stays.
  const container = { ...made, settings: { ...made.settings, rm: false } };
  const own = volumes(container, { fresh: true, settings: container.settings });
  const operations: Operation[] = [
    ['stage', 'prepare'],
    ...claim(container, { fresh: true, settings: container.settings }),
    ...record(container),
    ...own.operations,
    writeStatus(container, { status: 'created' }),
    tellCreated(container),
    ['print', 'stdout', `${slot('id')}\n`],
  ];
  return { processes: [{ name: 'parent', operations }, ...own.processes] };
}

/** A container that was made before, and runs no more or did not yet. */
export interface ExistingContainer extends Omit<ContainerInput, 'fresh'> {
  id: string;
  /** status.json as it is, for a start that fails. */
  previously: object;
  /** The link that is its name, if it has one. */
  nameLink?: string;
}

/** @param caller `start -a`; undefined: nothing is printed and it outlives its caller */
export function compileStartPlan(container: ExistingContainer, caller: Caller | undefined): Plan {
  const { id, previously, containerDir, nameLink, settings } = container;
  const end: Operation[] = settings.rm
    ? [['on-exit', 0, [['remove-tree', containerDir], ...(nameLink ? ([['remove', nameLink]] satisfies Operation[]) : [])]]]
    : [['on-exit', 1, [replaceStatus(containerDir, previously)]]];
  const found: Operation[] = [
    ['container-id', id],
    ...tellMade({ ...container, fresh: false }),
    ['lock', containerDir, 1, 'lock'],
    ['remove', stopFile(containerDir)],
    ['remove', pauseFile(containerDir)], // of a machine that went down meanwhile
    ...end,
  ];
  return start({ ...container, fresh: false }, { operations: found, processes: [] }, caller, undefined);
}

function start(input: ContainerInput, first: Stewarded, caller: Caller | undefined, printed: string | undefined): Plan {
  const container = input.settings.confined ? confinedOperations(input, caller) : containerOperations(input, caller);
  const operations: Operation[] = [['stage', 'prepare'], ...first.operations, ...container.parent];
  const others = [...container.others, ...first.processes];
  if (caller === undefined) return detached(operations, others, printed);
  if (!isAttendedStart(input, caller)) return { processes: [{ name: 'parent', operations }, ...others] };
  const { spec, settings, ownSignals, passed } = input;
  const repeated = settings.restart.name !== 'no';
  return attended(operations, others, {
    caller,
    terminal: spec.process?.terminal ?? false,
    signals: !ownSignals,
    repeated,
    passed,
    printed,
  });
}

/**
 * The container's directory, locked until its last process has ended: that lock is what says that the container is alive, so the
 * directory has it before it has its name.
 */
function claim(container: NewContainer, input: Pick<ContainerInput, 'fresh' | 'settings'>): Operation[] {
  const { containerDir, unlockedDir, nameLink, cidfile, settings } = container;
  const withdrawn = (operation: Operation): Operation[] =>
    settings.rm || isWithdrawn(input) ? [['on-exit', settings.rm ? 0 : 1, [operation]]] : [];
  return [
    ['mkdir', unlockedDir, 0o700],
    ['on-exit', 1, [['remove-tree', unlockedDir]]],
    ['lock', unlockedDir, 1, 'lock'],
    ['rename', unlockedDir, containerDir],
    ...(container.slice === undefined
      ? []
      : ([['replace-file', container.slice, 0o600, jsonText({ container: slot('id') })]] satisfies Operation[])),
    ...withdrawn(['remove-tree', containerDir]),
    ...(nameLink === undefined ? [] : ([['symlink', containerDir, nameLink]] satisfies Operation[])),
    ...(nameLink === undefined ? [] : withdrawn(['remove', nameLink])),
    ...(cidfile === undefined
      ? []
      : ([
          ['write-file', cidfile, 0o644, slot('id')],
          ['on-exit', 1, [['remove', cidfile]]],
        ] satisfies Operation[])),
  ];
}

function record({ containerDir, spec, files }: NewContainer): Operation[] {
  return [
    ['write-file', `${containerDir}/config.json`, 0o600, specText(spec)],
    ...files.map((file): Operation => ['write-file', `${containerDir}/${file.name}`, file.mode, file.text]),
  ];
}

/** RLIM_INFINITY has 64 bits, of which a number of JavaScript loses some. Within a string of JSON no quotation mark follows a brace or comma bare. */
function specText(spec: RuntimeSpec): string {
  return jsonText(spec).replace(/([{,]"(?:hard|soft)":)18446744073709552000(?=[,}])/g, (_, key: string) => `${key}18446744073709551615`);
}

function volumes(container: NewContainer, input: Pick<ContainerInput, 'fresh' | 'settings'>): Stewarded {
  const goes = container.settings.rm || isWithdrawn(input);
  return makeVolumes(container, (undo) => (goes ? [['on-exit', 1, [undo]]] : []));
}
