/** How /proc and /sys come to a container that is to start here, and what its user is told of it. */
import type { ContainerInput } from '../plan/container.js';
import { droppedVariables, type SystemForms } from '../plan/system.js';
import { findSystem } from '../rootfs/system.js';
import type { CommonOptions } from './options.js';
import { openSession } from './session.js';

/** Anew for each start: what hides parts of them is not the same everywhere. */
export async function withSystem<Input extends Omit<ContainerInput, 'fresh' | 'files'>>(
  container: Input,
  options: CommonOptions,
): Promise<Input> {
  const { spec, settings, ids, mappers } = container;
  // What is shared with the host is no other than was asked for.
  const [ownProc, ownSys] = ['proc', 'sysfs'].map((type) => spec.mounts?.some((mount) => mount.type === type));
  if (!ownProc && !ownSys) return container;
  const found = await findSystem(openSession(options).paths, { ids, mappers }, options.signal);
  const system: SystemForms = { ...found, ...(ownProc ? {} : { proc: 'fresh' }), ...(ownSys ? {} : { sys: 'fresh' }) };
  if (ownProc) options.onDebug?.(`/proc: ${system.proc}: ${MEANING.proc[system.proc]}`);
  if (ownSys) options.onDebug?.(`/sys: ${system.sys}: ${MEANING.sys[system.sys]}`);
  const note = systemNote(system, droppedVariables(spec, system, settings.sysctl ?? []));
  if (note !== undefined) options.onNote?.(note);
  return { ...container, system };
}

const MEANING: { proc: Record<SystemForms['proc'], string>; sys: Record<SystemForms['sys'], string> } = {
  proc: {
    fresh: 'the container’s own',
    subset: 'the container’s own, with its processes and nothing else',
    bound: 'the one around tsrun, read-only: with the processes there, under their numbers there',
  },
  sys: { fresh: 'the container’s own', bound: 'the one around tsrun' },
};

/** Each time: it is another container than was asked for. */
function systemNote({ proc, sys }: SystemForms, dropped: readonly string[]): string | undefined {
  const parts = [
    ...(proc === 'fresh' ? [] : [`/proc is ${MEANING.proc[proc]}`]),
    ...(sys === 'fresh' ? [] : [`/sys is ${MEANING.sys[sys]}`]),
    ...(dropped.length === 0 ? [] : ['ports below 1024 and ping are for its root alone']),
  ];
  if (parts.length === 0) return undefined;
  return `the kernel allows no fresh /proc or /sys where parts of it are hidden: ${parts.join('; ')}; to change that, start the outer container with --nested, systempaths=unconfined (docker) or unmask=ALL (podman)`;
}
