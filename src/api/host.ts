/** What is asked of the host wherever a runtime spec is built. */
import { readFileSync } from 'node:fs';
import { arch, hostname, release } from 'node:os';
import type { HostFacts } from '../bundle/build.js';
import { TsrunError } from '../errors.js';
import type { Capability } from '../security/capabilities.js';
import { parseBoundingSet } from '../security/choose-capabilities.js';
import { readThermalPaths } from '../security/paths.js';
import type { RunOptions } from './options.js';

/**
 * Names of the variables that tsrun's caller has set. The helper that forked us moved one of them out of Node's sight (native/drive.c);
 * it still has it itself, and fills it in.
 */
export function callersVariables(env: NodeJS.ProcessEnv): Set<string> {
  const names = new Set(Object.keys(env));
  if (names.has('TSRUN_EXTRA_CA_CERTS')) names.add('NODE_EXTRA_CA_CERTS');
  return names;
}

const PROXIES = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
/** Of tsrun's own processes, and of the shell that called them. */
const OWN = ['TSRUN_ARGV0', 'TSRUN_PLAN_FD', 'TSRUN_DELEGATED', 'TSRUN_EXTRA_CA_CERTS', '_'];

/** Those that `--env-host` and `--http-proxy` copy. */
function copiedVariables({ envHost, httpProxy }: Pick<RunOptions, 'envHost' | 'httpProxy'>, env: NodeJS.ProcessEnv): string[] {
  const names = [...callersVariables(env)].filter((name) => !OWN.includes(name));
  return envHost ? names : httpProxy ? names.filter((name) => PROXIES.includes(name)) : [];
}

/** What a runtime spec is built for. */
export function hostFacts(options: Pick<RunOptions, 'envHost' | 'httpProxy'>): HostFacts {
  return {
    arch: ownArch(),
    kernel: release(),
    envNames: callersVariables(process.env),
    thermalPaths: readThermalPaths(),
    copied: copiedVariables(options, process.env),
    limits: readFileSync('/proc/self/limits', 'utf8'),
    groups: process.getgroups?.() ?? [],
    boundingSet: callersBoundingSet(),
    hostname: hostname(),
  };
}

/** A password within a proxy's address never goes into a container without a word. */
export function proxyNotes(options: Pick<RunOptions, 'envHost' | 'httpProxy'>, env: NodeJS.ProcessEnv): string[] {
  const secret = copiedVariables(options, env).filter((name) => PROXIES.includes(name) && /^([a-z]+:\/\/)?[^/@]+@/i.test(env[name] ?? ''));
  return secret.length === 0
    ? []
    : [`${secret.join(' and ')} ${secret.length === 1 ? 'has' : 'have'} a user and password within: the container can read them`];
}

/** What the caller can hand on: this process has all of it that he has. */
export function callersBoundingSet(): Capability[] {
  return parseBoundingSet(readFileSync('/proc/self/status', 'utf8'));
}

/** @throws ERR_TSRUN_PLATFORM */
export function ownArch(): 'x64' | 'arm64' {
  const own = arch();
  if (own === 'x64' || own === 'arm64') return own;
  throw new TsrunError('ERR_TSRUN_PLATFORM', `tsrun has no helper for ${own}`, { hint: 'use an x64 or arm64 machine' });
}
