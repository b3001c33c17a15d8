/**
 * Flags as plain data: one definition each, from which our parser, oclif's classes, help and completion are made.
 * A verb's flags are a record from the long name to its definition.
 */

/**
 * What a word is completed to. `container` is any, `up` one that runs, `quiet` one that does not, `object` a container or an image,
 * `bind` what -v begins with, `nothing` free text. In a list: words that are usual, without being all that is valid.
 */
export type Completed =
  | 'image'
  | 'container'
  | 'up'
  | 'paused'
  | 'quiet'
  | 'object'
  | 'volume'
  | 'bind'
  | 'network'
  | 'space'
  | 'ipc'
  | 'signal'
  | 'capability'
  | 'file'
  | 'directory'
  | 'verb'
  | 'nothing'
  | readonly string[];

export interface Flag {
  /** `strings` may be repeated; the last one wins for the others. */
  readonly type: 'boolean' | 'string' | 'strings';
  readonly char?: string;
  /** Other long names for it. */
  readonly aliases?: readonly string[];
  readonly help: string;
  /** What help shows for the value: NAME, FILE. */
  readonly placeholder?: string;
  /** The closed list of values. */
  readonly values?: readonly string[];
  /** What completes the value; not needed with `values`, nor where the placeholder says that it is free text (test/cli/completion). */
  readonly complete?: Completed;
  /** Makes the value of the text, or throws an Error whose message ends "invalid argument … for … flag: ". */
  readonly parse?: (text: string) => unknown;
  /** The value when the flag is absent; without it, an absent flag has no value at all. */
  readonly default?: string | boolean | readonly string[];
  /** The variable that the library reads when the flag is absent: for the documentation. */
  readonly env?: string;
  /**
   * What the flag does: `option` (the default) sets the library's option of the same name in camel case,
   * `cli` concerns the command line alone (output and the like).
   */
  readonly effect?: 'option' | 'cli';
}

export type Flags = Readonly<Record<string, Flag>>;

type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

type ValueOf<F extends Flag> = F['type'] extends 'boolean'
  ? boolean
  : F['type'] extends 'strings'
    ? string[]
    : F extends { parse: (text: string) => infer V }
      ? V
      : F extends { values: readonly (infer V)[] }
        ? V
        : string;

/** What parsing yields: keys in camel case, absent when neither given nor defaulted. */
export type Values<F extends Flags> = { [K in keyof F & string as Camel<K>]?: ValueOf<F[K]> };

/** The part of the values that the library takes. */
export type OptionsOf<F extends Flags> = {
  [K in keyof F & string as F[K] extends { effect: 'cli' } ? never : Camel<K>]?: ValueOf<F[K]>;
};

/** `env-file` → `envFile` */
export function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The values of a command line that are options of the library, as its functions take them. */
export function optionsOf<F extends Flags>(flags: F, values: Values<F>): OptionsOf<F> {
  const options: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const key = camelCase(name);
    const value = (values as Record<string, unknown>)[key];
    if (flag.effect !== 'cli' && value !== undefined) options[key] = value;
  }
  return options as OptionsOf<F>;
}
