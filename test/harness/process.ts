/** Runs commands: bytes collected, a limit on time, and no process left behind. */
import { type ChildProcess, spawn } from 'node:child_process';

export interface CommandOptions {
  /** Default: the test's own. */
  as?: { uid: number; gid: number };
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Written to stdin, then EOF; `open` leaves stdin to the caller. Default: EOF at once. */
  input?: string | Uint8Array | 'open';
  /** The whole process group is killed after it, and the result rejects. Default 60 s. */
  timeoutMs?: number;
  /** Sockets from descriptor 3 on, at `child.stdio`. */
  extraDescriptors?: number;
}

export interface Finished {
  /** Exit status; null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  stdoutBytes: Buffer;
  milliseconds: number;
}

export interface Running {
  child: ChildProcess;
  pid: number;
  finished: Promise<Finished>;
  /** What has come so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves when stdout (or stderr) has matched; rejects when the process ends before. */
  waitFor(pattern: RegExp, stream?: 'stdout' | 'stderr'): Promise<RegExpMatchArray>;
}

const groups = new Set<number>();
process.on('exit', () => {
  for (const group of groups) killGroup(group);
});

/** In its own session: no controlling terminal, and one signal reaches all of it. */
export function start([command = '', ...args]: readonly string[], options: CommandOptions = {}): Running {
  const begun = performance.now();
  const { as, env, cwd, input, timeoutMs = 60_000, extraDescriptors = 0 } = options;
  const ids = as && process.getuid?.() === 0 ? { uid: as.uid, gid: as.gid } : {};
  const child = spawn(command, args, {
    ...ids,
    ...(env && { env }),
    ...(cwd && { cwd }),
    stdio: Array(3 + extraDescriptors).fill('pipe'),
    detached: true,
  });
  const pid = child.pid ?? 0;
  if (pid > 0) groups.add(pid);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (bytes) => stdout.push(bytes));
  child.stderr.on('data', (bytes) => stderr.push(bytes));
  // A command that does not read its input closes it: that is its right, not a failure of the test.
  child.stdin.on('error', () => {});
  if (input !== 'open') child.stdin.end(input ?? '');

  const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8');
  const finished = new Promise<Finished>((done, failed) => {
    const timer = setTimeout(() => {
      killGroup(pid);
      failed(new Error(`${[command, ...args].join(' ')} took more than ${timeoutMs} ms\nstdout: ${text(stdout)}\nstderr: ${text(stderr)}`));
    }, timeoutMs);
    child.on('error', failed);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      groups.delete(pid);
      const milliseconds = performance.now() - begun;
      done({ code, signal, stdout: text(stdout), stderr: text(stderr), stdoutBytes: Buffer.concat(stdout), milliseconds });
    });
  });
  finished.catch(() => {});

  const waitFor = (pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout') =>
    new Promise<RegExpMatchArray>((done, failed) => {
      const look = () => {
        const match = Buffer.concat(stream === 'stdout' ? stdout : stderr)
          .toString('utf8')
          .match(pattern);
        if (match === null) return;
        child[stream].off('data', look);
        done(match);
      };
      child[stream].on('data', look);
      look();
      finished.then((end) => failed(new Error(`ended (${end.code ?? end.signal}) before ${pattern}: ${end.stdout}${end.stderr}`)), failed);
    });
  return { child, pid, finished, waitFor, stdout: () => text(stdout), stderr: () => text(stderr) };
}

/** Runs to the end, whatever the exit status. */
export function execute(command: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return start(command, options).finished;
}

/** Runs a tool that must succeed; gives its stdout. */
export async function succeed(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, signal, stdout, stderr } = await execute(command, options);
  if (code !== 0) throw new Error(`${command.join(' ')}: exit ${code ?? signal}\n${stdout}${stderr}`);
  return stdout;
}

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
