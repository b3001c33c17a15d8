/** `--sysctl NAME=VALUE`: variables that the kernel keeps for each namespace, and no others. Pure. */
import { TsrunError } from '../errors.js';
import type { NamespaceType } from '../spec/runtime.js';
import { checkText } from './check.js';

/** As runc's: which namespace has its own of these. */
const NAMESPACED: readonly (readonly [RegExp, NamespaceType, string])[] = [
  [/^net\./, 'network', '--network'],
  [/^fs\.mqueue\./, 'ipc', '--ipc'],
  [/^kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$/, 'ipc', '--ipc'],
  [/^kernel\.domainname$/, 'uts', '--uts'],
];

/**
 * @param own namespaces that the container has for itself
 * @throws ERR_TSRUN_USAGE, ERR_TSRUN_UNSUPPORTED
 */
export function parseSysctls(texts: readonly string[], own: (type: NamespaceType) => boolean): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const text of texts) {
    checkText(text, 'a value of --sysctl', 'ERR_TSRUN_USAGE');
    const at = text.indexOf('=');
    const name = dotted(text.slice(0, Math.max(at, 0)));
    if (name === undefined) throw wrong(text, 'it is not NAME=VALUE', 'write it as in net.ipv4.ip_forward=1');
    if (name === 'kernel.hostname') throw wrong(text, 'the host name has a flag of its own', 'use --hostname');
    const [, type, flag] = NAMESPACED.find(([names]) => names.test(name)) ?? [];
    if (type === undefined || flag === undefined)
      throw unsupported(
        text,
        'it is one for the whole machine',
        'only net.*, fs.mqueue.*, kernel.msg*, kernel.sem, kernel.shm* and kernel.domainname are a container’s',
      );
    if (!own(type)) throw unsupported(text, `the container has no ${type} namespace of its own`, `leave it out, or choose another ${flag}`);
    chosen[name] = text.slice(at + 1);
  }
  return chosen;
}

/** sysctl(8) takes both separators: the first says which it is, and the other one is part of a word (`net/ipv4/conf/eth0.100/forwarding`). */
function dotted(name: string): string | undefined {
  const slashes = /^[^./]*\//.test(name);
  const words = name.split(slashes ? '/' : '.');
  const plain = words.length > 1 && words.every((word) => /^[\w.-]+$/.test(word) && !/^\.+$/.test(word));
  if (!plain) return undefined;
  return words.map((word) => word.replaceAll('.', '/')).join('.');
}

/** Below /proc/sys. A slash within a word is a dot there. */
export function sysctlPath(name: string): string {
  return name
    .split('.')
    .map((word) => word.replaceAll('/', '.'))
    .join('/');
}

function wrong(text: string, what: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_USAGE', `--sysctl ${text}: ${what}`, { subject: text, hint });
}

function unsupported(text: string, what: string, hint: string): TsrunError {
  return new TsrunError('ERR_TSRUN_UNSUPPORTED', `--sysctl ${text}: ${what}`, { subject: text, hint });
}
