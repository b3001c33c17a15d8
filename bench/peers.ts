/** The other tools: which are installed, which can be used on this host, and why not. */
import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import type { Contender } from './measure.js';

export interface Candidate extends Contender {
  /** What must be installed. */
  programs: readonly string[];
  /** Done once. */
  setup?: readonly string[];
}

export interface Peer {
  name: string;
  /** Of its programs, in their own words. */
  versions: string[];
  /** Why it takes no part. */
  unusable?: string;
}

/** Node 20 reads NODE_EXTRA_CA_CERTS at every start, whoever starts it: 50 ms that say nothing of anybody. */
export function environment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _slow, TSRUN_ROOT: _root, TSRUN_RUN_ROOT: _runRoot, ...env } = process.env;
  return env;
}

/** Tries each once; who fails is told of and left out. */
export function choose(candidates: readonly Candidate[], env: NodeJS.ProcessEnv): { contenders: Contender[]; peers: Peer[] } {
  const peers = candidates.map((candidate) => look(candidate, env));
  return { contenders: candidates.filter((_, index) => peers[index]?.unusable === undefined), peers };
}

function look({ name, programs, setup, command, before, after }: Candidate, env: NodeJS.ProcessEnv): Peer {
  const asked = programs.map((program) => ({ program, ...spawnSync(program, ['--version'], { env, encoding: 'utf8' }) }));
  const missing = asked.filter(({ error }) => error).map(({ program }) => program);
  if (missing.length > 0) return { name, versions: [], unusable: `not installed: ${missing.join(', ')}` };
  const versions = asked.map(({ program, stdout }) => `${basename(program)} ${/\d+\.[\w.+~-]+/.exec(stdout)?.[0] ?? ''}`);
  before?.();
  const trouble = (setup && failureOf(setup, env)) ?? failureOf(command, env);
  after?.();
  return { name, versions, ...(trouble === undefined ? {} : { unusable: trouble }) };
}

function failureOf([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const { status, signal, error, stderr } = spawnSync(program, args, { env, encoding: 'utf8', timeout: 300_000 });
  if (status === 0) return undefined;
  return error?.message ?? (stderr.trim().split('\n').at(-1) || `exit status ${status ?? signal}`);
}

/** podman with a store of its own (it wants the name of the second directory to be short), and without what a host with hybrid cgroups, or with low limits, refuses it. */
export function podman(root: string, runRoot: string): { command: string[]; runFlags: string[] } {
  return {
    command: ['podman', '--root', root, '--runroot', runRoot, '--cgroup-manager=cgroupfs', '--events-backend=none'],
    runFlags: ['--cgroups=disabled', '--network=none', '--ulimit=nproc=30000:30000', '--ulimit=nofile=1000:1000'],
  };
}
