/** `--security-opt label=`: the contexts of a new container, and whether the host's policy lets it be what they say. */
import { randomInt } from 'node:crypto';
import { parseSecurityOptions } from '../bundle/security-opt.js';
import { listContainers, readConfig } from '../container/state.js';
import { TsrunError } from '../errors.js';
import type { StorePaths } from '../paths.js';
import type { RootSource } from '../plan/root.js';
import { type Access, isValidContext, missingRules, readSelinux, type SelinuxHost } from '../runtime/selinux.js';
import { type AskedLabel, chooseLabels, freeLevel, parseContext, type SelinuxLabels } from '../security/selinux.js';

/** Undefined: none was asked for. @throws ERR_TSRUN_UNSUPPORTED */
export function askedLabels(paths: StorePaths, securityOpt: readonly string[], onNote?: (note: string) => void): SelinuxLabels | undefined {
  const { label = 'disable' } = parseSecurityOptions(securityOpt);
  if (label === 'disable') return undefined;
  const host = readSelinux();
  if (host === undefined) throw refused('SELinux is not enabled on this host', 'leave it out, or write label=disable');
  const level = host.levels ? (label.level ?? freeLevel(takenLevels(paths), randomInt)) : undefined;
  const labels = fitting(host, [label, { ...ownPart(host.own), ...label }], level);
  if (!host.enforcing) onNote?.('SELinux is permissive on this host: the container has its label, and nothing of it is enforced');
  return labels;
}

/** A policy may let its caller change the type of what he starts, which is what confines, and not the user and the role. */
function ownPart(own: string): AskedLabel {
  const { user, role } = parseContext(own) ?? {};
  return { ...(user === undefined ? {} : { user }), ...(role === undefined ? {} : { role }) };
}

/** The first that the policy allows. @throws ERR_TSRUN_UNSUPPORTED about the first */
function fitting(host: SelinuxHost, candidates: readonly AskedLabel[], level: string | undefined): SelinuxLabels {
  let failure: unknown;
  for (const asked of candidates) {
    try {
      const labels = chooseLabels(host.defaults, asked, level);
      checkLabels(host, labels);
      return labels;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

function checkLabels(host: SelinuxHost, labels: SelinuxLabels): void {
  for (const context of [labels.process, labels.file, labels.layers])
    if (!isValidContext(context))
      throw refused(
        `the policy of this host has no context ${context}`,
        'install a policy that knows it (container-selinux), or name other parts',
      );
  const rules = host.enforcing ? missingRules(needed(host.own, labels)) : [];
  if (rules.length > 0)
    throw refused(
      `the policy of this host does not let ${host.own} have a container as ${labels.process}`,
      `it lacks: ${rules.join(' ')} Load a module with these rules, or name other parts of the label`,
    );
}

/**
 * What cannot be done would fail in the middle of a start; and what the container may not do with the descriptors that it is given the kernel does
 * not refuse at all: it takes them away, and the output is gone.
 */
function needed(own: string, { process, file, layers }: SelinuxLabels): Access[] {
  return [
    { source: own, target: process, kind: 'process', permissions: ['transition', 'sigkill', 'signal'] },
    { source: own, target: file, kind: 'filesystem', permissions: ['relabelto'] },
    { source: process, target: file, kind: 'file', permissions: ['entrypoint', 'execute', 'read', 'map'] },
    { source: process, target: layers, kind: 'file', permissions: ['execute', 'read', 'map'] },
    { source: own, target: layers, kind: 'file', permissions: ['relabelto'] },
    { source: process, target: own, kind: 'fd', permissions: ['use'] },
    { source: process, target: own, kind: 'fifo_file', permissions: ['read', 'write'] },
  ];
}

/** One damaged container hides no other. */
function takenLevels(paths: StorePaths): Set<string> {
  const levels = listContainers(paths).map((container) => {
    try {
      return parseContext(readConfig(container).process?.selinuxLabel ?? '')?.level;
    } catch {
      return undefined;
    }
  });
  return new Set(levels.filter((level) => level !== undefined));
}

/** The files of an overlay can be shown with another label than they have; those of anything else would have to be changed. */
export function checkLabelled({ type }: RootSource): void {
  if (type !== 'overlay')
    throw refused(
      'the container’s files cannot be labelled here: its root is no overlay of the kernel’s',
      type === 'directory'
        ? 'run an image instead of --rootfs, or leave it out'
        : 'leave it out; tsrun doctor says why there is no overlay',
    );
}

function refused(what: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `--security-opt label=: ${what}`, { subject: 'label', hint });
}
