/** What the files of this machine and its user say of registries, as values. Every rule knows its file, for messages. */

/** What may be asked of a mirror (`pull-from-mirror`). */
export type MirrorUse = 'all' | 'digest-only' | 'tag-only';

export interface Mirror {
  /** `host[:port][/namespace…]`, put in the place of the rule's prefix */
  location: string;
  /** plain http and unverified certificates are allowed */
  insecure: boolean;
  use: MirrorUse;
}

/** A `[[registry]]` table. */
export interface RegistryRule {
  /** `host[:port][/namespace…]`, or `*.domain` */
  prefix: string;
  /** as a mirror's; '' for a `*.domain` that is not rewritten */
  location: string;
  insecure: boolean;
  blocked: boolean;
  mirrors: readonly Mirror[];
  file: string;
}

/** What is done with a short name that several registries may have. Nobody is ever asked: enforcing refuses, the others try in order. */
export type ShortNameMode = 'enforcing' | 'permissive' | 'disabled';

/** What one registries.conf or drop-in says; undefined where it says nothing. */
export interface FileSettings {
  rules: readonly RegistryRule[];
  /** unqualified-search-registries */
  search?: readonly string[];
  mode?: ShortNameMode;
  /** short name → full name without tag; '' takes an alias of an earlier file away */
  aliases: ReadonlyMap<string, string>;
}

/** What docker's daemon.json says. */
export interface DaemonSettings {
  file: string;
  /** of docker.io */
  mirrors: readonly Mirror[];
  /** `host[:port]`, addresses, CIDR ranges */
  insecure: readonly string[];
}

/** All of it, merged. */
export interface RegistrySettings {
  rules: readonly RegistryRule[];
  /** undefined where no file says: docker.io alone */
  search?: { registries: readonly string[]; file: string };
  mode: ShortNameMode;
  aliases: ReadonlyMap<string, string>;
  daemon?: DaemonSettings;
  /** Folders with a folder of certificates per host; the first that has one for a host counts. */
  certificates: readonly string[];
}

/** Where no file says anything. */
export const NO_SETTINGS: RegistrySettings = { rules: [], mode: 'permissive', aliases: new Map(), certificates: [] };
