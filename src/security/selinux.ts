/** SELinux contexts: what a container's processes run as and what its files are, from the host's defaults and what was asked for. Pure. */
import { TsrunError } from '../errors.js';

/** `user:role:type`, and the level where the policy has levels: `s0:c1,c2`. */
export interface SelinuxContext {
  user: string;
  role: string;
  type: string;
  level?: string;
}

/** `label=user:U`, `role:R`, `type:T`, `level:L` and `filetype:T`: docker's words. */
export type LabelWord = 'user' | 'role' | 'type' | 'level' | 'filetype';
export type AskedLabel = Partial<Record<LabelWord, string>>;
export const LABEL_WORDS: readonly LabelWord[] = ['user', 'role', 'type', 'level', 'filetype'];

/** Contexts as the kernel takes them. */
export interface SelinuxLabels {
  process: string;
  file: string;
  /** Of the image's layers, which containers share and nobody writes. */
  layers: string;
}

/** @returns undefined for what is no context */
export function parseContext(text: string): SelinuxContext | undefined {
  const [user = '', role = '', type = '', ...level] = text.split(':');
  if (user === '' || role === '' || type === '') return undefined;
  return { user, role, type, ...(level.length > 0 ? { level: level.join(':') } : {}) };
}

export function contextText({ user, role, type, level }: SelinuxContext): string {
  return [user, role, type, ...(level === undefined ? [] : [level])].join(':');
}

/** The same for all containers: the level without categories. */
export function sharedContext(text: string): string {
  const context = parseContext(text);
  if (context?.level === undefined) return text;
  return contextText({ ...context, level: context.level.replace(/[-:].*/, '') });
}

/**
 * The policy's lxc_contexts says what containers are (libselinux: selinux_lxc_contexts_path(3)); what was asked for takes the place of its parts.
 * A user and a level are the files' too, as docker's.
 * @param defaults the text of lxc_contexts
 * @param level that of this container, where none was asked for; undefined: the policy has no levels
 * @throws ERR_TSRUN_UNSUPPORTED when the policy says nothing of containers
 */
export function chooseLabels(defaults: string, { filetype, ...asked }: AskedLabel, level: string | undefined): SelinuxLabels {
  const [process, file, readOnly = file] = ['process', 'file', 'ro_file'].map((key) => parseContext(entryOf(defaults, key) ?? ''));
  if (process === undefined || file === undefined || readOnly === undefined)
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', 'the SELinux policy of this host does not say what containers are', {
      hint: 'install a policy that knows containers (container-selinux), or leave label= out',
    });
  if (level === undefined && asked.level !== undefined)
    throw new TsrunError('ERR_TSRUN_UNSUPPORTED', `label=level:${asked.level}: the SELinux policy of this host has no levels`, {
      subject: asked.level,
      hint: 'leave it out',
    });
  const own = asked.level ?? level;
  const levelled = ({ level: _, ...context }: SelinuxContext) => (own === undefined ? context : { ...context, level: own });
  const { user = file.user } = asked;
  return {
    process: contextText({ ...levelled(process), ...asked }),
    file: contextText({ ...levelled(file), user, type: filetype ?? file.type }),
    layers: contextText(own === undefined ? levelled(readOnly) : readOnly),
  };
}

/** A line `key = "value"`. */
function entryOf(text: string, key: string): string | undefined {
  const lines = text.split('\n').map((line) => /^\s*(\w+)\s*=\s*"?([^"]*?)"?\s*$/.exec(line));
  return lines.find((match) => match?.[1] === key)?.[2];
}

/** Categories of which each container has two: what one writes another may not read. */
const CATEGORIES = 1024;

/**
 * @param taken levels of other containers
 * @param random an integer from 0 up to, not including, the number
 * @throws ERR_TSRUN_UNSUPPORTED when all are taken: one of more than half a million
 */
export function freeLevel(taken: ReadonlySet<string>, random: (below: number) => number): string {
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const one = random(CATEGORIES);
    const other = random(CATEGORIES);
    const level = `s0:c${Math.min(one, other)},c${Math.max(one, other)}`;
    if (one !== other && !taken.has(level)) return level;
  }
  throw new TsrunError('ERR_TSRUN_UNSUPPORTED', 'the levels of SELinux are taken by other containers', {
    hint: 'remove containers, or give this one a level: --security-opt label=level:LEVEL',
  });
}
