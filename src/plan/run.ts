/** The launch plans of a container's beginning: run, run -d, create, start. Pure: golden files test them. */
import type { BuiltFile } from '../bundle/build.js';
import { type ContainerInput, containerOperations, isWithdrawn, status, stopFile } from './container.js';
import { detached } from './detached.js';
import { jsonText } from './encode.js';
import { tell, tellMade } from './events.js';
import { handedTo } from './identity.js';
import type { Operation, Plan } from './operations.js';
import { slot } from './slot.js';
import type { StdioFacts } from './streams.js';
import { makeVolumes } from './volumes.js';

/** A container that is not there yet: its directories hold slot('id'). */
export interface NewContainer extends Omit<ContainerInput, 'fresh' | 'files'> {
  files: readonly BuiltFile[];
  /** What its directory is called until it is locked; on the same file system. */
  unlockedDir: string;
  /** `<data>/v1/names/NAME`, for one with a name. */
  nameLink?: string;
  cidfile?: string;
}

/** @param callers whom the command is connected to; undefined: `-d`, the id is printed once it runs */
export function compileRunPlan(container: NewContainer, callers: StdioFacts | undefined): Plan {
  const input: ContainerInput = { ...container, fresh: true, files: container.files.map(({ name }) => name) };
  const made = [...tellMade(input), ...claim(container, input), ...record(container), ...volumes(container, input)];
  return start(input, made, callers, `${slot('id')}\n`);
}

/** Everything but its processes. Prints the id. */
export function compileCreatePlan(container: NewContainer): Plan {
  const { containerDir, status: constant } = container;
  const operations: Operation[] = [
    ['stage', 'prepare'],
    ...claim(container, { fresh: true, settings: container.settings }),
    ...record(container),
    ...volumes(container, { fresh: true, settings: container.settings }),
    status({ containerDir, status: constant }, { status: 'created' }),
    tell(container.events, ['create']),
    ['print', 'stdout', `${slot('id')}\n`],
  ];
  return { processes: [{ name: 'parent', operations }] };
}

/** A container that was made before, and runs no more or did not yet. */
export interface ExistingContainer extends Omit<ContainerInput, 'fresh'> {
  id: string;
  /** status.json as it is, for a start that fails. */
  previously: object;
}

/** @param callers `start -a`; undefined: nothing is printed and it outlives its caller */
export function compileStartPlan(container: ExistingContainer, callers: StdioFacts | undefined): Plan {
  const { id, previously, containerDir } = container;
  const found: Operation[] = [
    ['container-id', id],
    ...tellMade({ ...container, fresh: false }),
    ['lock', containerDir, 1, 'lock'],
    ['remove', stopFile(containerDir)],
    ['on-exit', 1, [['replace-file', `${containerDir}/status.json`, 0o600, jsonText(previously)]]],
  ];
  return start({ ...container, fresh: false }, found, callers, undefined);
}

function start(input: ContainerInput, first: Operation[], callers: StdioFacts | undefined, printed: string | undefined): Plan {
  const { parent, others } = containerOperations(input, callers);
  const operations: Operation[] = [['stage', 'prepare'], ...first, ...parent];
  return callers ? { processes: [{ name: 'parent', operations }, ...others] } : detached(operations, others, printed);
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
    ['write-file', `${containerDir}/config.json`, 0o600, jsonText(spec)],
    ...files.map((file): Operation => ['write-file', `${containerDir}/${file.name}`, file.mode, file.text]),
  ];
}

function volumes(container: NewContainer, input: Pick<ContainerInput, 'fresh' | 'settings'>): Operation[] {
  const goes = container.settings.rm || isWithdrawn(input);
  const owner = handedTo(container.ids, container.callerUid);
  return makeVolumes(container, owner, (undo) => (goes ? [['on-exit', 1, [undo]]] : []));
}
