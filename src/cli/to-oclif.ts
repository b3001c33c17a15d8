/** Our flag data as oclif's classes: for the manifest, for completion and for tests; parsing is ours. */
import { Args, type Command, Flags as Make } from '@oclif/core';
import type { Flag, Flags } from './flags/flag.js';
import type { Verb } from './verb.js';

type OclifFlags = typeof Command.flags;
type OclifFlag = OclifFlags[string];

export function toOclif(flags: Flags): OclifFlags {
  return Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, flagOf(flag)]));
}

function flagOf(flag: Flag): OclifFlag {
  const shared = {
    summary: flag.help,
    ...(flag.char === undefined ? {} : { char: flag.char as 'a' }),
    ...(flag.aliases ? { aliases: [...flag.aliases] } : {}),
  };
  if (flag.type === 'boolean') return Make.boolean(shared) as OclifFlag;
  const valued = {
    ...shared,
    ...(flag.placeholder === undefined ? {} : { helpValue: flag.placeholder }),
    ...(flag.values === undefined ? {} : { options: [...flag.values] }),
  };
  return (flag.type === 'string' ? Make.string(valued) : Make.string({ ...valued, multiple: true, multipleNonGreedy: true })) as OclifFlag;
}

export function toOclifArgs(verb: Verb): typeof Command.args {
  return Object.fromEntries(
    verb.args.map((arg) => [arg.name, Args.string({ description: arg.help, required: arg.required === true, ignoreStdin: true })]),
  );
}
