import { driven } from '../compile-verb.js';
import { CREATE } from '../flags/create.js';

export const create = driven(CREATE, async ({ options, args: [image = '', ...command] }) => {
  const { compileCreate } = await import('../../index.js');
  return compileCreate(image, command, options);
});
