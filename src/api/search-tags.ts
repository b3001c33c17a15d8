/** The tags that a registry has of a repository. */
import { TsrunError } from '../errors.js';
import { parseReference } from '../reference/parse.js';
import { checkArguments } from './check-arguments.js';
import type { CommonOptions, RegistryOptions } from './options.js';
import { checkRegistryOptions, openPush } from './registry-session.js';
import { openSession } from './session.js';

/**
 * In the registry's order. It is asked itself, never a mirror: those may have fewer.
 * @param repository `[HOST/]NAME`; a tag behind it counts for nothing
 * @throws ERR_TSRUN_REGISTRY_*, ERR_TSRUN_REFERENCE_INVALID
 */
export async function searchTags(repository: string, options: CommonOptions & RegistryOptions = {}): Promise<string[]> {
  const asked = checkArguments({ repository }, options);
  checkRegistryOptions(asked);
  const name = parseReference(repository);
  if (name.transport !== 'docker')
    throw new TsrunError('ERR_TSRUN_REFERENCE_INVALID', `${repository} is no repository of a registry`, {
      subject: repository,
      hint: 'write it as [HOST[:PORT]/]NAME',
    });
  const { client, ref } = await openPush(openSession(asked), name, asked);
  try {
    return await client.tags(ref);
  } finally {
    await client.close();
  }
}
