/** The verbs of containers that outlive their caller, a hundred of them at once, and what their supervisors take, beside podman's. */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inCheckout } from '../test/harness/checkout.js';
import { busyboxImage } from '../test/harness/images.js';
import { startRegistry } from '../test/harness/registry.js';
import { temporaryDirectory } from '../test/harness/temporary.js';
import { type Contender, measure, type Times } from './measure.js';
import { type Candidate, choose, environment, podman } from './peers.js';
import * as report from './report.js';
import { wrapper } from './wrapper.js';

const AT_ONCE = 100;
const NAME = 'bench-life';

/** One of the two, as words in front of a verb. */
interface Tool {
  name: string;
  words: string[];
  /** Of run and create. */
  flags: string[];
  /** Without waiting for a process 1 that ignores TERM: podman's `rm -f` does. */
  remove: string[];
  /** What its supervisors are called. */
  supervisor: string;
}

/** podman's containers live no longer than what it is started by here: so all of this, tsrun's part too, is started by it, once. */
const INSIDE = 'TSRUN_BENCH_INSIDE';

export async function life(rounds: number): Promise<void> {
  const [outer = '', ...words] = wrapper();
  if (outer !== '' && process.env[INSIDE] === undefined) {
    const again = [...words, process.execPath, process.argv[1] ?? '', 'life', `--rounds=${rounds}`];
    spawnSync(outer, again, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
    return;
  }
  report.title('life: detached containers of busybox');
  const env = environment();
  const directory = temporaryDirectory();
  await using registry = await startRegistry();
  const image = await registry.push((await busyboxImage()).reference, 'busybox:latest');
  const peer = podman(join(directory, 'podman'), join(directory, 'podman-run'));
  const own: Tool = {
    name: 'tsrun',
    words: [inCheckout('bin/tsrun'), '--root', join(directory, 'root'), '--run-root', join(directory, 'run')],
    flags: ['--network', 'none'],
    remove: ['rm', '-f'],
    supervisor: 'tsrun-helper',
  };
  const other: Tool = {
    name: 'podman',
    words: peer.command,
    flags: peer.runFlags,
    remove: ['rm', '-f', '-t', '0'],
    supervisor: 'conmon',
  };
  const tools = [own, other];
  const { contenders, peers } = choose(
    tools.map((tool) => candidate(tool, image, env)),
    env,
  );
  report.roster(peers);
  const present = tools.filter(({ name }) => contenders.some((contender) => contender.name === name));
  try {
    for (const verb of VERBS)
      report.ratios(
        measure(
          present.map((tool) => contender(tool, verb, image, env)),
          rounds,
          env,
        ),
        verb,
      );
    const times: Times[] = [];
    for (const tool of present) times.push({ name: tool.name, milliseconds: [await atOnce(tool, image, env)] });
    report.ratios(times, `${AT_ONCE} run -d at once, until the last one runs`);
    for (const tool of present) report.line(`${tool.name}: ${memoryOf(tool.supervisor)} KiB for the supervisors of one container (PSS)`);
    const removal = present.map(
      (tool): Times => ({ name: tool.name, milliseconds: [timed(tool, [...tool.remove, ...idsOf(tool, env)], env)] }),
    );
    report.ratios(removal, `rm -f of ${AT_ONCE}`);
  } finally {
    for (const tool of present) {
      const left = idsOf(tool, env);
      if (left.length > 0) run(tool, [...tool.remove, ...left], env);
    }
  }
}

const STAY = ['sleep', '1000'];

/** Each with the container that it needs, which is not timed. */
const VERBS = ['run -d', 'exec', 'ps', 'logs', 'stop', 'rm -f'];

function candidate(tool: Tool, image: string, env: NodeJS.ProcessEnv): Candidate {
  const program = tool.words.find((word) => /(tsrun|podman)$/.test(word)) ?? '';
  const pull = tool.name === 'podman' ? ['pull', '-q', '--tls-verify=false', image] : ['pull', '-q', image];
  return {
    name: tool.name,
    programs: [program],
    setup: [...tool.words, ...pull],
    command: [...tool.words, 'run', '-d', '--name', NAME, ...tool.flags, image, 'true'],
    after: () => run(tool, [...tool.remove, NAME], env),
  };
}

function contender(tool: Tool, verb: string, image: string, env: NodeJS.ProcessEnv): Contender {
  const start = ['run', '-d', '--name', NAME, ...tool.flags, image, ...STAY];
  const words =
    verb === 'run -d'
      ? start
      : verb === 'exec'
        ? ['exec', NAME, 'true']
        : verb === 'ps'
          ? ['ps', '-a']
          : verb === 'logs'
            ? ['logs', NAME]
            : verb === 'stop'
              ? ['stop', '-t', '0', NAME]
              : [...tool.remove, NAME];
  return {
    name: tool.name,
    command: [...tool.words, ...words],
    before: () => {
      if (verb !== 'run -d') run(tool, start, env);
    },
    after: () => {
      if (verb !== 'rm -f') run(tool, [...tool.remove, NAME], env);
    },
  };
}

function run({ words }: Tool, verb: string[], env: NodeJS.ProcessEnv): string {
  const [program = '', ...args] = [...words, ...verb];
  return spawnSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).stdout;
}

function timed(tool: Tool, verb: string[], env: NodeJS.ProcessEnv): number {
  const begun = performance.now();
  run(tool, verb, env);
  return performance.now() - begun;
}

function idsOf(tool: Tool, env: NodeJS.ProcessEnv): string[] {
  return run(tool, ['ps', '-aq'], env).split('\n').filter(Boolean);
}

async function atOnce(tool: Tool, image: string, env: NodeJS.ProcessEnv): Promise<number> {
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async (_, index) => {
      const [program = '', ...args] = [...tool.words, 'run', '-d', '--name', `${NAME}-${index}`, ...tool.flags, image, ...STAY];
      const child = spawn(program, args, { env, stdio: 'ignore' });
      const [code] = await new Promise<[number | null]>((resolve) => child.on('exit', (status) => resolve([status])));
      if (code !== 0) throw new Error(`${tool.name} run -d failed among ${AT_ONCE}`);
    }),
  );
  return performance.now() - begun;
}

/** Of all processes of the name, for each of the containers: proportional set size, the fair share of what they have in common. */
function memoryOf(name: string): string {
  const kibibytes = readdirSync('/proc').flatMap((pid) => {
    try {
      if (!/^\d+$/.test(pid) || readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== name) return [];
      return [Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)];
    } catch {
      return []; // it has just ended
    }
  });
  return (kibibytes.reduce((sum, each) => sum + each, 0) / AT_ONCE).toFixed(0);
}
