/**
 * A systemd unit that runs a container (systemd.service(5), systemd.syntax(7)). Pure. `start -a` is the service's process itself: it ends as the
 * container does, what the container prints goes to the journal, and nothing has to be guessed from a pid file: Type=exec.
 */

export interface UnitInput {
  /** As the unit's file is called after it, and as `tsrun start` takes it. */
  name: string;
  /** What it runs. */
  image: string;
  /** Absolute path of tsrun. */
  program: string;
  /** Where to look for Node.js and the other programs. */
  path: string;
  data: string;
  run: string;
  restart: RestartWhen;
  /** A signal's number. */
  stopSignal: number;
  /** Seconds, -1 for ever. */
  stopTimeout: number;
}

/** systemd's Restart= */
export type RestartWhen = 'no' | 'on-success' | 'on-failure' | 'on-abnormal' | 'on-watchdog' | 'on-abort' | 'always';

/** Seconds beyond the container's own stop timeout before systemd kills. */
const GRACE = 20;

export function systemdUnit(input: UnitInput): string {
  const { name, image, program, path, data, run, restart, stopSignal, stopTimeout } = input;
  const call = (...words: string[]) => [quoted(program, 'program'), ...words.map((word) => quoted(word, 'argument'))].join(' ');
  return `# container-${oneLine(name)}.service
# made by tsrun generate systemd

[Unit]
Description=${oneLine(`tsrun container ${name} (${image})`)}
Wants=network-online.target
After=network-online.target
RequiresMountsFor=${quoted(data, 'value')}

[Service]
Type=exec
Environment=${quoted(`PATH=${path}`, 'value')}
Environment=${quoted(`TSRUN_ROOT=${data}`, 'value')}
Environment=${quoted(`TSRUN_RUN_ROOT=${run}`, 'value')}
ExecStart=${call('start', '-a', name)}
ExecStop=${call('stop', name)}
Restart=${restart}
TimeoutStopSec=${stopTimeout < 0 ? 'infinity' : stopTimeout + GRACE}
KillMode=mixed
SuccessExitStatus=${128 + stopSignal}

[Install]
WantedBy=default.target
`;
}

/**
 * One word, whatever is in it. `%` begins a specifier everywhere; `$` a variable in arguments, but neither in the program's own path nor in values.
 */
export function quoted(text: string, where: 'program' | 'argument' | 'value'): string {
  const literal = text.replaceAll('%', '%%');
  const escaped = (where === 'argument' ? literal.replaceAll('$', '$$$$') : literal).replace(/["\\]|\p{Cc}/gu, (character) =>
    character < ' ' || character > '~' ? hex(character) : `\\${character}`,
  );
  return /^[\w@%+=:,./$-]+$/.test(escaped) && escaped !== '' ? escaped : `"${escaped}"`;
}

/** By the bytes of its UTF-8. */
function hex(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

/** For what has no quotes: a description, a comment. A backslash at the end would go on to the next line. */
function oneLine(text: string): string {
  return text
    .replace(/\p{Cc}/gu, ' ')
    .replaceAll('%', '%%')
    .replace(/\\+$/, '');
}
