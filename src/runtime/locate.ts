/** Where tsrun's own programs lie, in a checkout and in an installed package. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TsrunError } from '../errors.js';

const require = createRequire(import.meta.url);

/** The package's root: the nearest folder above this file whose package.json is tsrun's. */
function packageRoot(): string {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    const file = join(directory, 'package.json');
    if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'tsrun') return directory;
    if (directory === dirname(directory)) throw new TsrunError('ERR_TSRUN_INTERNAL', 'tsrun’s own package is not found around its program');
  }
}

/** The native helper: built in a checkout, else of the platform package. TSRUN_HELPER names another one (tests, sanitizers). */
export function helperPath(): string {
  const named = process.env['TSRUN_HELPER'];
  const candidates = [...(named ? [named] : [join(packageRoot(), 'native/build/tsrun-helper')]), ...platformHelper()];
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new TsrunError('ERR_TSRUN_HELPER_MISSING', `there is no native helper for linux-${process.arch}`, {
    subject: candidates[0] ?? '',
    hint: 'install tsrun with its optional dependencies, or build it in a checkout with `npm run build`',
  });
}

function platformHelper(): string[] {
  try {
    return [join(dirname(require.resolve(`@tsrun/linux-${process.arch}/package.json`)), 'tsrun-helper')];
  } catch {
    return [];
  }
}

/** The program that unpacks a layer inside the cage. */
export function unpackProgram(): string {
  return join(packageRoot(), 'dist/unpack.cjs');
}

/** The program that works on a container's files. */
export function filesProgram(): string {
  return join(packageRoot(), 'dist/files.cjs');
}
