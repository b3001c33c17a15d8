/** What is asked of the host wherever a runtime spec is built. */
import { arch } from 'node:os';
import { TsrunError } from '../errors.js';

/**
 * Names of the variables that tsrun's caller has set. The helper that forked us moved one of them out of Node's sight (native/drive.c);
 * it still has it itself, and fills it in.
 */
export function callersVariables(env: NodeJS.ProcessEnv): Set<string> {
  const names = new Set(Object.keys(env));
  if (names.has('TSRUN_EXTRA_CA_CERTS')) names.add('NODE_EXTRA_CA_CERTS');
  return names;
}

/** @throws ERR_TSRUN_PLATFORM */
export function ownArch(): 'x64' | 'arm64' {
  const own = arch();
  if (own === 'x64' || own === 'arm64') return own;
  throw new TsrunError('ERR_TSRUN_PLATFORM', `tsrun has no helper for ${own}`, { hint: 'use an x64 or arm64 machine' });
}
