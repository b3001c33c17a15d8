/**
 * The FFI, for what Node lacks off the launch path. Loaded at the first call, never at import: most commands need none of it (3–6 ms).
 * Nothing outside of src/sys/ imports this file.
 */
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import type koffi from 'koffi';
import { TsrunError } from '../errors.js';

type Koffi = Pick<typeof koffi, 'load' | 'errno' | 'version'>;
type Prototype = [result: string, parameters: string[]];

let loaded: Koffi | undefined;
let libc: ReturnType<Koffi['load']> | undefined;

/** Where the FFI may lie, best first: our own platform package (published), then koffi's (a checkout). Both choose between glibc and musl. */
function candidates(): string[] {
  return [`@tsrun/linux-${process.arch}/koffi`, `@koromix/koffi-linux-${process.arch}`];
}

/** The native module. Throws ERR_TSRUN_HELPER_MISSING when no platform package is installed. */
function loadKoffi(): Koffi {
  if (loaded !== undefined) return loaded;
  // In a bundle that esbuild wrote as CommonJS import.meta is empty; __filename stands in for it there.
  const require = createRequire(typeof __filename === 'string' ? __filename : import.meta.url);
  const failures: unknown[] = [];
  for (const name of candidates()) {
    try {
      loaded = require(name) as Koffi;
      return loaded;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new TsrunError('ERR_TSRUN_HELPER_MISSING', `no native part of tsrun for linux-${process.arch} could be loaded`, {
    subject: candidates().join(', '),
    hint: 'install tsrun again without --omit=optional',
    cause: new AggregateError(failures, failures.map((failure) => (failure as Error).message).join('; ')),
  });
}

/**
 * A function of the C library that Node itself runs on, which reports failure as a negative result and errno.
 * The returned function throws a Node-like error (see systemError) and gives the result as a number.
 * @param name the symbol, also the `syscall` of errors unless `as` says otherwise
 */
export function libcFunction(name: string, [result, parameters]: Prototype, as = name) {
  let native: ((...args: unknown[]) => number | bigint) | undefined;
  return (path: string | Buffer | undefined, ...args: unknown[]): number => {
    if (native === undefined) {
      libc ??= loadKoffi().load(null);
      native = libc.func(name, result, parameters);
    }
    const value = Number(native(...args));
    if (value < 0) throw systemError(loadKoffi().errno(), as, path);
    return value;
  };
}

export interface SystemError extends Error {
  /** "ENOENT" */
  code: string;
  /** negative, as Node has it */
  errno: number;
  syscall: string;
  path?: string;
}

/** The same shape as the errors of node:fs. @param errno positive */
function systemError(errno: number, syscall: string, path: string | Buffer | undefined): SystemError {
  const code = getSystemErrorName(-errno);
  const shown = path?.toString();
  const error = new Error(`${code}: ${syscall}${shown === undefined ? '' : ` '${shown}'`}`);
  return Object.assign(error, { code, errno: -errno, syscall, ...(shown === undefined ? {} : { path: shown }) });
}
