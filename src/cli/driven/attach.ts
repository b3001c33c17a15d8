import { driven } from '../compile-verb.js';
import { ATTACH } from '../flags/attach.js';

export const attach = driven(ATTACH, async ({ values, options, args: [name = ''] }) => {
  const { compileAttach } = await import('../../index.js');
  return compileAttach(name, { ...options, detachKeys: values.detachKeys });
});
