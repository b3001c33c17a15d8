/**
 * How /proc and /sys come to a container. The kernel lets nobody in a user namespace mount one anew who sees only a part of the one around
 * him, as in a container of docker's; what takes its place shows no more than he sees. Pure.
 */
import type { Mount, RuntimeSpec } from '../spec/runtime.js';

export interface SystemForms {
  /**
   * `fresh`: the container's own. `subset`: its own, with nothing in it but processes. `bound`: the one around tsrun, read-only: with the
   * processes there, under the numbers that they have there.
   */
  proc: 'fresh' | 'subset' | 'bound';
  sys: 'fresh' | 'bound';
  /** The /proc around tsrun can be written to, for kernel variables: where it is not fresh there is no other way. */
  variables: boolean;
}

/**
 * The spec as it can be had here.
 * @param asked kernel variables that were asked for by name: they are kept, and fail where they cannot be written
 * @param fetched what another process mounts, where it is whole; by destination
 */
export function inForms(
  spec: RuntimeSpec,
  system: SystemForms | undefined,
  asked: readonly string[],
  fetched: ReadonlyMap<string, string>,
): RuntimeSpec {
  if (system === undefined) return spec;
  const mounts = spec.mounts?.map((mount) => (fetched.has(mount.destination) ? mount : mountInForm(mount, system)));
  const dropped = droppedVariables(spec, system, asked);
  const sysctl = Object.entries(spec.linux?.sysctl ?? {}).filter(([name]) => !dropped.includes(name));
  return {
    ...spec,
    ...(mounts ? { mounts } : {}),
    ...(spec.linux ? { linux: { ...spec.linux, sysctl: Object.fromEntries(sysctl) } } : {}),
  };
}

/** What docker gives every container for its convenience, and nobody asked for. */
const CONVENIENCES = ['net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ping_group_range'];

export function droppedVariables({ mounts, linux }: RuntimeSpec, { proc, variables }: SystemForms, asked: readonly string[]): string[] {
  const own = proc === 'fresh' && mounts?.some(({ type }) => type === 'proc');
  if (own || variables) return [];
  return Object.keys(linux?.sysctl ?? {}).filter((name) => CONVENIENCES.includes(name) && !asked.includes(name));
}

function mountInForm(mount: Mount, { proc, sys }: SystemForms): Mount {
  const { type, options = [] } = mount;
  if (type === 'proc' && proc === 'subset') return { ...mount, options: [...options, 'subset=pid'] };
  if (type === 'proc' && proc === 'bound') return bound(mount, '/proc', true);
  if (type === 'sysfs' && sys === 'bound') return bound(mount, '/sys', options.includes('ro'));
  return mount;
}

/** With all that hides parts of it. /proc is never written to: what it shows besides belongs to others. */
function bound({ destination, options = [] }: Mount, source: string, readOnly: boolean): Mount {
  const others = options.filter((option) => option !== 'ro');
  return { destination, type: 'bind', source, options: ['rbind', ...others, ...(readOnly ? ['rro'] : []), 'rprivate'] };
}
