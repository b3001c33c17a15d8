/**
 * Every failure of tsrun: one class, one stable code per kind of failure, one exit code per code.
 * A message says what failed and on what; `hint` says what to do next. Throw or report, never both.
 */

/** Code → exit code. 125 is tsrun's own failure, 126/127 belong to exec alone (as docker's). */
const EXIT_CODES = {
  ERR_TSRUN_USAGE: 125,
  ERR_TSRUN_NO_TERMINAL: 125,
  ERR_TSRUN_UNSUPPORTED: 125,
  ERR_TSRUN_PLATFORM: 125,
  ERR_TSRUN_INTERNAL: 125,
  ERR_TSRUN_OUTPUT: 125,
  ERR_TSRUN_INTERRUPTED: 130,
  // cli/template/
  ERR_TSRUN_TEMPLATE: 125,
  // reference/
  ERR_TSRUN_REFERENCE_INVALID: 125,
  ERR_TSRUN_DIGEST_INVALID: 125,
  // registry/
  ERR_TSRUN_REGISTRY_UNREACHABLE: 125,
  ERR_TSRUN_OFFLINE: 125,
  ERR_TSRUN_REGISTRY_TLS: 125,
  ERR_TSRUN_REGISTRY_UNAUTHORIZED: 125,
  ERR_TSRUN_REGISTRY_DENIED: 125,
  ERR_TSRUN_REGISTRY_BLOCKED: 125,
  ERR_TSRUN_REGISTRY_NOT_FOUND: 125,
  ERR_TSRUN_REGISTRY_RATE_LIMITED: 125,
  ERR_TSRUN_REGISTRY_TOO_LARGE: 125,
  ERR_TSRUN_REGISTRY_FAILED: 125,
  ERR_TSRUN_REGISTRY_PROTOCOL: 125,
  ERR_TSRUN_CREDENTIALS_INVALID: 125,
  ERR_TSRUN_CREDENTIAL_HELPER: 125,
  ERR_TSRUN_NOT_LOGGED_IN: 125,
  // content/ and image/
  ERR_TSRUN_BLOB_DIGEST: 125,
  ERR_TSRUN_BLOB_SIZE: 125,
  ERR_TSRUN_BLOB_MISSING: 125,
  ERR_TSRUN_STORE_UNREADABLE: 125,
  ERR_TSRUN_DISK_FULL: 125,
  ERR_TSRUN_MEDIA_TYPE: 125,
  ERR_TSRUN_MANIFEST_INVALID: 125,
  ERR_TSRUN_IMAGE_NOT_FOUND: 125,
  ERR_TSRUN_IMAGE_AMBIGUOUS: 125,
  ERR_TSRUN_IMAGE_IN_USE: 125,
  ERR_TSRUN_PLATFORM_MISSING: 125,
  ERR_TSRUN_ARCHIVE_INVALID: 125,
  // layer/ and rootfs/
  ERR_TSRUN_LAYER_INVALID: 125,
  ERR_TSRUN_LAYER_DIFF_ID: 125,
  ERR_TSRUN_LAYER_REFUSED: 125,
  ERR_TSRUN_LAYER_LIMIT: 125,
  ERR_TSRUN_OVERLAY: 125,
  // files/
  ERR_TSRUN_COPY_SOURCE: 125,
  ERR_TSRUN_COPY_DESTINATION: 125,
  // bundle/, container/, runtime/
  ERR_TSRUN_BUNDLE: 125,
  ERR_TSRUN_CONFIG_INVALID: 125,
  ERR_TSRUN_USER_NOT_FOUND: 125,
  ERR_TSRUN_CONTAINER_NOT_FOUND: 125,
  ERR_TSRUN_CONTAINER_AMBIGUOUS: 125,
  ERR_TSRUN_CONTAINER_RUNNING: 125,
  ERR_TSRUN_CONTAINER_STOPPED: 125,
  ERR_TSRUN_CONTAINER_PAUSED: 125,
  ERR_TSRUN_NAME_IN_USE: 125,
  ERR_TSRUN_FILE_EXISTS: 125,
  ERR_TSRUN_MOUNT_SOURCE: 125,
  ERR_TSRUN_VOLUME_NOT_FOUND: 125,
  ERR_TSRUN_VOLUME_IN_USE: 125,
  ERR_TSRUN_VOLUME_OWNERS: 125,
  ERR_TSRUN_HELPER_MISSING: 125,
  ERR_TSRUN_USERNS_REFUSED: 125,
  ERR_TSRUN_ID_MAP: 125,
  ERR_TSRUN_LAUNCH: 125,
  ERR_TSRUN_NETWORK: 125,
  ERR_TSRUN_PORT: 125,
  ERR_TSRUN_PORT_TAKEN: 125,
  ERR_TSRUN_COMMAND_NOT_RUNNABLE: 126,
  ERR_TSRUN_COMMAND_NOT_FOUND: 127,
} as const;

export type ErrorCode = keyof typeof EXIT_CODES;

/** All codes, for documentation and tests. */
export const ERROR_CODES = Object.keys(EXIT_CODES) as ErrorCode[];

export interface TsrunErrorOptions {
  /** The path, digest, reference or URL (credentials removed) that the failure is about. */
  subject?: string;
  /** What to do next: one sentence, imperative. */
  hint?: string;
  cause?: unknown;
}

export class TsrunError extends Error {
  override readonly name = 'TsrunError';
  readonly code: ErrorCode;
  readonly subject: string | undefined;
  readonly hint: string | undefined;

  /** @param message what happened, and to what, without a final full stop */
  constructor(code: ErrorCode, message: string, options: TsrunErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.subject = options.subject;
    this.hint = options.hint;
  }

  /** The exit code of the command that ends with this error. */
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }

  /** What `--json` prints. The cause is for TSRUN_DEBUG alone: it may name internals. */
  toJSON(): { code: ErrorCode; message: string; subject?: string; hint?: string; exitCode: number } {
    return {
      code: this.code,
      message: this.message,
      ...(this.subject === undefined ? {} : { subject: this.subject }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      exitCode: this.exitCode,
    };
  }
}

/** The errno name of a system error ("ENOENT"), or undefined. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  EINVAL: 'invalid argument',
  ELOOP: 'too many symbolic links',
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
  EBUSY: 'in use',
  ENOSYS: 'not implemented by this kernel',
  ENODEV: 'no such device',
  EXDEV: 'outside of where it should be',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name or path is too long',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is larger than this process may write (ulimit -f)',
};

/** The name of an errno ("ENOENT") in words. */
export function errnoWords(name: string): string {
  return WORDS[name] ?? name;
}

/** A system error in words; any other error's own. */
export function systemReason(error: unknown): string {
  const name = errnoOf(error);
  return name === undefined ? (error as Error).message : errnoWords(name);
}

/** Any thrown value as a TsrunError; what is unexpected is a bug of ours and says so. */
export function asTsrunError(error: unknown): TsrunError {
  if (error instanceof TsrunError) return error;
  if ((error as { syscall?: unknown } | null)?.syscall === 'uv_cwd') {
    return new TsrunError('ERR_TSRUN_USAGE', 'the current directory was removed', {
      hint: 'change to another one, or give absolute paths',
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new TsrunError('ERR_TSRUN_INTERNAL', `unexpected failure: ${message}`, {
    hint: 'run again with TSRUN_DEBUG=1 and report what it prints',
    cause: error,
  });
}
