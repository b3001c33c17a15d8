/**
 * What this process does to files, step by step: a test may look at the disk before each of them, or let it fail. The functions of node:fs that
 * change something are replaced for as long as the work lasts.
 */
import fs, { constants } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';

export interface Step {
  what: string;
  path: string;
  /** What is renamed. */
  from?: string;
  /** Takes room: fails on a full disk. */
  allocates: boolean;
}

type Call = (...args: unknown[]) => unknown;
type Functions = Record<string, Call>;

/** Whether it can fail for want of space, by name; where a path comes second, the change is there. */
const CHANGES: Readonly<Record<string, boolean>> = {
  mkdir: true,
  rename: true,
  appendFile: true,
  writeFile: true,
  unlink: false,
  rm: false,
  chmod: false,
  utimes: false,
  mkdirSync: true,
  renameSync: true,
  writeFileSync: true,
  unlinkSync: false,
  rmSync: false,
  chmodSync: false,
  lchownSync: false,
};
const OF_HANDLES: Readonly<Record<string, boolean>> = { writeFile: true, writev: true, write: true, sync: false, truncate: false };

export interface Watch {
  /** What it throws, the step throws. */
  before(step: Step): void;
  /** Not called for a step that failed. */
  after?(step: Step): void;
}

/** Every step below `root` is told, in order. */
export async function stepByStep<T>(root: string, watch: Watch, work: () => Promise<T>): Promise<T> {
  const watcher = new Watcher(root, watch);
  const undo = [...watcher.overPaths(), ...watcher.overOpening(), ...(await watcher.overHandles())];
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    watcher.ended = true;
    for (const each of undo) each();
    syncBuiltinESMExports();
  }
}

const PROMISES = fs.promises as unknown as Functions;
const SYNCHRONOUS = fs as unknown as Functions;

class Watcher {
  ended = false;
  readonly #root: string;
  readonly #watch: Watch;
  readonly #paths = new WeakMap<object, string>();
  #looking = false;

  constructor(root: string, watch: Watch) {
    this.#root = root;
    this.#watch = watch;
  }

  overPaths(): Undo[] {
    return Object.entries(CHANGES).map(([name, allocates]) => {
      const what = name.replace('Sync', '');
      const stepOf = (args: unknown[]): Step =>
        what === 'rename' ? { what, allocates, from: String(args[0]), path: String(args[1]) } : { what, allocates, path: String(args[0]) };
      return name.endsWith('Sync')
        ? replace(
            SYNCHRONOUS,
            name,
            (call) =>
              (...args) =>
                this.#now(stepOf(args), () => call(...args)),
          )
        : replace(
            PROMISES,
            name,
            (call) =>
              (...args) =>
                this.#soon(stepOf(args), () => call(...args)),
          );
    });
  }

  /** Of files that are made by it. */
  overOpening(): Undo[] {
    const stepOf = ([path, flags]: unknown[]): Step => ({ what: makes(flags) ? 'open' : '', allocates: true, path: String(path) });
    return [
      replace(SYNCHRONOUS, 'openSync', (call) => (...args) => {
        const step = stepOf(args);
        return fs.existsSync(step.path) ? call(...args) : this.#now(step, () => call(...args));
      }),
      replace(PROMISES, 'open', (call) => async (...args) => {
        const handle = (await this.#soon(stepOf(args), () => call(...args))) as object;
        this.#paths.set(handle, String(args[0]));
        return handle;
      }),
    ];
  }

  async overHandles(): Promise<Undo[]> {
    const probe = await fs.promises.open('/dev/null');
    const handles = Object.getPrototypeOf(probe) as Functions;
    await probe.close();
    const watcher = this;
    return Object.entries(OF_HANDLES).map(([what, allocates]) =>
      replace(
        handles,
        what,
        (call) =>
          function (this: object, ...args: unknown[]) {
            return watcher.#soon({ what, allocates, path: watcher.#paths.get(this) ?? '/' }, () => call.apply(this, args));
          },
      ),
    );
  }

  #now(step: Step, call: () => unknown): unknown {
    this.#tell('before', step);
    const result = call();
    this.#tell('after', step);
    return result;
  }

  async #soon(step: Step, call: () => unknown): Promise<unknown> {
    this.#tell('before', step);
    const result = await call();
    this.#tell('after', step);
    return result;
  }

  #tell(when: keyof Watch, step: Step): void {
    if (this.#looking || this.ended || step.what === '' || !`${resolve(step.path)}/`.startsWith(`${this.#root}/`)) return;
    this.#looking = true;
    try {
      this.#watch[when]?.(step);
    } finally {
      this.#looking = false;
    }
  }
}

type Undo = () => void;

function makes(flags: unknown): boolean {
  return typeof flags === 'number' ? (flags & constants.O_CREAT) !== 0 : /^[wa]/.test(String(flags ?? 'r'));
}

function replace(object: Functions, name: string, by: (call: Call) => Call): Undo {
  const original = object[name] as Call;
  object[name] = by(original);
  return () => {
    object[name] = original;
  };
}

/** As the system says that the disk is full. */
export function diskFull({ what, path }: Step): Error {
  return Object.assign(new Error(`ENOSPC: no space left on device, ${what} '${path}'`), {
    code: 'ENOSPC',
    errno: -28,
    syscall: what,
    path,
  });
}
