/**
 * The commands as oclif's classes, made from the same data: for its manifest, and for command lines of oclif that have tsrun as a plugin
 * (package.json: oclif.commands, strategy "explicit", target this file as dist/oclif.cjs, identifier COMMANDS). Parsing is ours.
 */
import { Args, Command, Flags as Make } from '@oclif/core';
import type { Command as Ours } from './command.js';
import type { Flag, Flags } from './flags/flag.js';
import { commandOf } from './main.js';
import { usageOf, type Verb } from './verb.js';

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

function toOclifArgs(verb: Verb): typeof Command.args {
  return Object.fromEntries(
    verb.args.map((arg) => [arg.name, Args.string({ description: arg.help, required: arg.required === true, ignoreStdin: true })]),
  );
}

function toClass({ verb, perform }: Ours): typeof Command {
  return class extends Command {
    static override summary = verb.summary;
    static override usage = usageOf(verb).replace(/^tsrun /, '');
    static override aliases = (verb.aliases ?? []).map((alias) => alias.replaceAll(' ', ':'));
    static override flags = toOclif(verb.flags);
    static override args = toOclifArgs(verb);
    static override strict = !verb.args.some((arg) => arg.many);
    static override examples = verb.examples.map(([command]) => command);

    override async run(): Promise<void> {
      this.parsed = true;
      process.exitCode = await perform(this.argv, this.config.root);
    }
  };
}

/** Command id (words joined by colons) → class. */
export const COMMANDS = Object.fromEntries([...commandOf.values()].map((ours) => [ours.verb.name.replaceAll(' ', ':'), toClass(ours)]));
