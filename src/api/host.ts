/** What is asked of the host wherever a runtime spec is built. */
import { arch } from 'node:os';
import { TsrunError } from '../errors.js';

/** @throws ERR_TSRUN_PLATFORM */
export function ownArch(): 'x64' | 'arm64' {
  const own = arch();
  if (own === 'x64' || own === 'arm64') return own;
  throw new TsrunError('ERR_TSRUN_PLATFORM', `tsrun has no helper for ${own}`, { hint: 'use an x64 or arm64 machine' });
}
