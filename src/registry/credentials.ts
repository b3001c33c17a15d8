/** The user's credentials for a registry: from the files of `tsrun login`, `docker login` and `podman login`, and from the helpers they name. */
import { DEFAULT_REGISTRY } from '../reference/name.js';
import type { RegistryReference } from '../reference/parse.js';
import { type AuthFile, authFiles, type Credentials, credentialsIn, helperFor, readAuthFile } from './auth-files.js';
import { getFromHelper, type HelperContext, HelperMissing } from './credential-helper.js';

export interface Found {
  credentials?: Credentials;
  /** A credsStore that is not there to be asked. */
  missing?: HelperMissing;
}

/** How to, for hints. */
export function logIn(registry: string): string {
  return `log in with \`tsrun login${registry === DEFAULT_REGISTRY ? '' : ` ${registry}`}\``;
}

/**
 * The first file that has something for the registry (podman: or for a namespace in it) decides. In each: the helper of this registry,
 * the helper of all, what is written there itself.
 * @throws ERR_TSRUN_CREDENTIALS_INVALID, ERR_TSRUN_CREDENTIAL_HELPER (not for a credsStore that is not there: `missing`)
 */
export async function findCredentials(ref: Pick<RegistryReference, 'registry' | 'repository'>, context: HelperContext): Promise<Found> {
  let missing: HelperMissing | undefined;
  for (const path of authFiles(context.env)) {
    const file = await readAuthFile(path);
    const asked = await askHelper(file, ref.registry, context);
    const credentials = asked.credentials ?? credentialsIn(file, ref);
    if (credentials !== undefined) return { credentials };
    missing ??= asked.missing;
  }
  return missing === undefined ? {} : { missing };
}

async function askHelper(file: AuthFile, registry: string, context: HelperContext): Promise<Found> {
  const helper = helperFor(file, registry);
  if (helper === undefined) return {};
  try {
    const credentials = await getFromHelper(helper, context);
    return credentials === undefined ? {} : { credentials };
  } catch (error) {
    // Named for this very registry it has to be there; a credsStore is asked about public images, too
    if (error instanceof HelperMissing && helper.from === 'credsStore') return { missing: error };
    throw error;
  }
}
